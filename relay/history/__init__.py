"""What rooms keep of the past, and what all of it may take.

A `History` holds a room's visible frames in order, as `PackedFrames`: end to end, and wrapped as
they go over TCP (`ws_frame`), so that a run of them is one slice. The memory budget counts what
every room keeps, and lets whoever keeps most give way.
"""
