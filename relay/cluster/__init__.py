"""What makes one relay of several processes: words between them, and rooms that they share.

A node is one relay process. A `Bus` carries small messages between the nodes that make up one
relay: it may lose them, but keeps the order of each sender. `LocalBus` does so within one process,
for tests; `MessageBus` is what buses have in common.

Nodes that share rooms fold the same log, so that each has the same room. A `Log` orders the entries
of a room; a `Replica` turns what a log delivers, late, twice or not at all, into each entry once
and in order.
"""
