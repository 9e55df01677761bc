"""What a node does for its rooms while they are here.

It carries out their effects (`effects`), makes them and lets go of them as the broker says
(`keeping`), lets delayed spectators see more (`ticks`), and lets go of what is old (`sweeping`).
"""
