"""From a room to its players: who is told, in what order, and how fast they read.

An `Outbox` is what one connection is still to be told. Most of them flow: the room's `FanOut`
gathers what is told in one turn of the event loop, and writes it once for all. The
`FlushScheduler` ends that turn. Spectators may be kept behind by a `DelayLine`. All of these are a
room's `Audience`.
"""
