"""What operators see of a room, and why a player sees nothing.

`facts` gathers what all nodes know of a room's players. `heard` counts what was said to a player.
`why` puts both into sentences. None of this is on the way of a frame: all of it is read when an
operator asks.

While somebody watches a room, a `WatchedAudience` stands in the place of its audience and keeps
what is told for a moment. Each `Watcher` takes from there what one operator wants, as far as it
has place for it, and `Watching` makes lines of JSON of it.
"""
