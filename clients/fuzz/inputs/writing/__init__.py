"""Writers of legal messages: each gives the bytes, and a node for every value in them.

A field is written as its type in `protocol.fields` declares it, so that a new frame is covered as
soon as it is declared. The nodes say where each value lies and what the frame asks of it; a damage
needs no more than that to know what it breaks.
"""
