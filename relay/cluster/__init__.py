"""What makes one relay of several processes: words between them, and rooms that they share.

A node is one relay process. A `Bus` carries small messages between the nodes that make up one
relay: it may lose them, but keeps the order of each sender's. `LocalBus` does so within one
process, for tests; `MessageBus` is what buses have in common.
"""
