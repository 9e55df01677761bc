"""Messages for a codec under test, legal and damaged, each with the answer that SPEC.md wants.

All of it is pure and seeded: the same seed gives the same bytes. No decoder is asked for an answer.
"""
