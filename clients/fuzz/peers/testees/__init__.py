"""Our clients as `relay fuzz client` starts them, and examples for one of your own.

Each enters the room whose address is its last argument, prints a line of JSON for every event,
answers each message that is no history with a SEND and a VOLATILE of the same bytes, and enters
anew after `closed`, until it is ended.
"""
