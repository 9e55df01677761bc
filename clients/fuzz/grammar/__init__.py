"""The grammar of the wire for programs: as JSON, and as a dissector for Wireshark.

Both are made from what frames.py and its neighbours declare. Tests hold the JSON to SPEC.md and to
the TypeScript client, and the dissector to real messages in a real tshark.
"""
