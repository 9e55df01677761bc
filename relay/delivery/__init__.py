"""From a room to its players: who is told, in what order, and how fast they read.

An `Outbox` is what one connection is still to be told. Most outboxes flow: the room's `FanOut`
gathers what is told in one turn of the event loop, and writes it once to each player. The node's
`FlushScheduler` ends that turn. A `DelayLine` may keep spectators behind. A room's `Audience` holds
its `FanOut`, its `DelayLine` and its `RetainedValues`.
"""
