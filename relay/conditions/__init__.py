"""A player's network, made worse on purpose: pure, driven by the time that it is given.

`Conditions` say what becomes of the frames of one direction. A `Line` is that direction of one
connection: frames go in, and come out when they are due. `Dice` decide the fate of each frame by
the seed, the player, the direction and the frame's number: volatile values are numbered apart from
the rest. So the same frames at the same times meet the same fate. A `Shape` is for one player:
conditions for both directions, and a seed. The links (relay/link/shaping.py) drive the lines;
relay/node/shapes.py knows which player has which shape.
"""
