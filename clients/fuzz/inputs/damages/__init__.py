"""Damages: each changes a legal message so that one rule of SPEC 3.3 is broken first, and knows
which rule, code and offset that is.

A damage is a function of dice and a written message, in a module by family. It returns what it
edits and the fault that this makes. Where the fault cannot be known from the nodes alone (two
messages spliced, a length that shifts all that follows), it is `judged` by `inputs.judge`.
"""
