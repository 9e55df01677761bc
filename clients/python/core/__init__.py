"""The client without I/O: frames in, events and frames out, and the time as an argument.

`ClientProtocol` holds one player's conversation with a relay. It keeps the room's state
(`room_state`), the frames to send (`send_queue`), and the heartbeat. `Driver` in `io/` gives it
bytes and the time.
"""
