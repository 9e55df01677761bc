"""What the nodes of one relay tell each other: their rooms, their promises, what addresses have.

A `Board` carries values by key from each node to all others, over a bus that may lose messages. The
`Directory` is one of rooms, `SharedLimits` one of counts; `Together` has both, for one node.
"""
