"""A plain client, and faults that are planted into it, each against some rules of SPEC.md.

`client` is right in all that it does. A fault is a class that does one thing otherwise: `kinds` has
those that serve a whole table, such as a client that is deaf to one frame; the other modules have
the faults by section. `program` lets a client be judged in the process of the tests.
"""
