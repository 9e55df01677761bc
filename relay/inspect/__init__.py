"""What operators see of a room, and why a player sees nothing.

`facts` gathers what all nodes know of a room's players. `heard` counts what was said to a player.
`why` puts both into sentences. Nothing here is on the way of a frame: all of it is read when an
operator asks.
"""
