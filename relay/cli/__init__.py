"""The `relay` command: what a person types, and what it prints.

`main` knows the commands and loads each only when it is asked for. `commands` serves, `demo` serves
with bots in a room. Lines for a person go through `printing`, which no full disk can stop.
"""
