"""What operators see of a room, and why a player sees nothing.

`overview` gathers what all nodes know of a room's players. `heard` counts what was sent to a
player. `why` makes sentences of both. No frame passes through any of this: it works only when an
operator asks.

While somebody watches a room, a `WatchedAudience` replaces its audience, and keeps the room's
messages for a moment. Each `Watcher` takes the frames that one operator wants, as far as it has
place for them. `Watching` makes lines of JSON of these frames.
"""
