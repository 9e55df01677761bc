"""What operators see of a room.

While somebody watches a room, a `WatchedAudience` stands in the place of its audience and keeps
what is told for a moment. Each `Watcher` takes from there what one operator wants, as far as it
has place for it, and `Watching` makes lines of JSON of it.
"""
