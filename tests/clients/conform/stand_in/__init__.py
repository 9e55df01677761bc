"""Relays with one fault each: a stand-in between the suite and a relay that is right.

`relay` passes every message on, both ways, and lets a fault alter what passes. `fault` says what a
fault is. The other modules have the faults, by what they alter; `faults` has all of them by name,
with the rules of SPEC.md that each breaks.
"""
