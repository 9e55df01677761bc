"""Programs that put our own clients under test: `relay conform client` and `relay fuzz client`
start them.

Each imports a client as its users do, and nothing else of this project.
"""
