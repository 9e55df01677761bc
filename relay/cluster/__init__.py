"""What makes one relay of several processes: messages between them, and rooms that they share.

A node is one relay process. A `Bus` carries small messages between the nodes that make up one
relay: it may lose them, but keeps the order of each sender. `LocalBus` does so within one process,
for tests; `MessageBus` is what buses have in common.

Nodes that share a room apply the entries of one log, so that each has the same room. A `Log` orders
the entries of a room. It may deliver an entry late, twice or not at all: a `Replica` makes of that
each entry once, in order.
"""
