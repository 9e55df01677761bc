"""What the nodes of one relay tell each other: their rooms, promised places, what addresses use.

A `Board` carries values by key from each node to all others, over a bus that may lose messages.
`Directory` is a board of rooms, and `SharedLimits` a board of counts. `Together` has both, for one
node.
"""
