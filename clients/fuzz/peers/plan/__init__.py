"""What hostile peers will say: a seed in, steps out, and nothing of the world.

`framing` writes and reads WebSocket frames, right and wrong. `dress` decides how one message
travels: in which fragments, with which control frames between, in which pieces. `breaches` are
ways to break RFC 6455, each with the close codes that answer it. `as_client` tells the story of a
hostile client, `as_relay` that of a hostile relay; `room` is the room as it should be meanwhile.
"""
