"""Nodes that share rooms, in a world whose time and chance a test decides."""
