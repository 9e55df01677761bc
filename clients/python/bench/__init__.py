"""An open-loop load for relays: rooms x players x Hz x bytes, and what became of it."""
