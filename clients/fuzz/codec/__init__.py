"""`relay fuzz codec`: one stream of inputs, several codecs, and every input on which two differ.

`sides` holds our codec, in this process, and adapters, which are programs. The `hunt` holds each of
our answers against what the engine expects, against its own re-encoding and against the shortcuts
of the fast path, and each of an adapter's answers against ours. A difference is of a `Kind`. For
each kind the smallest input is kept in a `Tally`, then shrunk, and written down with a line that
replays it.
"""
