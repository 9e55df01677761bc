"""How the fields of frames are declared, read and written.

A frame or record is a dataclass whose annotations name `field_types`. The `schema` reads them off,
loads what msgpack decoded and dumps what is to be encoded. A `Mismatch` says which value is wrong.
"""
