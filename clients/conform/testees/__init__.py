"""Programs that put our own clients under test; `relay conform client` starts them.

Each imports a client as its users do, and nothing else of this project.
"""
