"""A room as a log tells it: what a node proposes, and what comes back in one order.

`proposals` packs a node's entries into `parcels`, and `outgoing` says them again until they come
back. On the way in, `chain` finds what is missing, `sequencer` lets each parcel through once and in
its sender's order, and `replica` hands the entries on. `snapshots` keeps a room for those who come
later.
"""
