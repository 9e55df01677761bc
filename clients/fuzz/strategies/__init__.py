"""Hypothesis strategies for the wire: frames, payloads, and what is damaged of them.

They are made from what frames.py and records.py declare, so that a new frame is searched as soon as
it is declared. What Hypothesis draws it can shrink; the messages of `damaged` come from the writers
of `clients.fuzz.inputs`, which are faster and know the right answer. `roomwire.testing` shows all.
"""
