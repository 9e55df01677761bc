"""What rooms keep of the past, and how much memory rooms may take.

A `History` holds a room's visible frames in order, as `PackedFrames`: end to end, and wrapped as
they go over TCP (`ws_frame`), so that a run of them is one slice. The memory budget counts what
every room keeps. When there is too little, whoever keeps most gives up history first.
"""
