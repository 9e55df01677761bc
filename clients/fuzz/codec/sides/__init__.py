"""The codecs that are compared: ours in this process, and any other as a program.

Each gives an `Answer` to an input: a verdict, and where it accepts, the tagged value and the
re-encoding.
"""
