"""Rooms that several nodes share: each node folds the same log, so that each has the same room.

A `Log` orders the entries of a room; a `Replica` turns what a log delivers, late, twice or not at
all, into each entry once and in order. Nodes hear of each other over a `Bus`.
"""
