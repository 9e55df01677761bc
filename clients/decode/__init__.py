"""The decoder: what bytes of this wire say, byte by byte, and the way back.

`tree` reads any bytes as far as they are legible; `naming` says what each value is, from what
frames.py declares. `decoded` joins both with the judgement of SPEC 3.3, `showing` prints it, and
`spelling` writes bytes from the same tree as JSON, or from a short form. `sources` finds messages
in text, in a browser's HAR export and in a capture of packets.
"""
