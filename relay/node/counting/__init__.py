"""What a node counts of rare events, and how late its event loop is.

What passes with every frame is counted by relay/delivery/tally.py.
"""
