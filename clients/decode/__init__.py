"""The decoder: what bytes of this wire mean, byte by byte. It also makes bytes of that again.

`tree` reads any bytes as far as they are legible; `naming` says what each value is, from what
frames.py declares. `decoded` adds the judgement of SPEC 3.3, and `showing` prints all of it.
`spelling` makes JSON of the tree, and bytes of that JSON or of a short form. `sources` finds
messages in text, in a browser's HAR export and in a capture of packets.
"""
