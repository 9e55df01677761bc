"""The conformance suite: is a client, or a relay, what SPEC.md says?

`rules/` lists every rule of SPEC.md by its number, and every row of its tables by its name. A case
is a short conversation over a real WebSocket; it says which rules it keeps and which it breaks.
`server` holds the cases that play clients against a relay. `client` holds those that play the relay
for a program that is under test; `testees` has such programs for our own clients.
"""
