"""Hostile peers: `relay fuzz client` is a relay that torments a client under test, `relay fuzz
server` a client that torments a relay.

`plan` draws what they say, by seed alone. `hostile_client` and `hostile_relay` play it over plain
sockets (`wire`), and hold what comes back against what SPEC.md promises: order, each message once,
counts, errors, close codes. `listener` is one honest player, `program` a client that runs as a
process of its own. `sides` are those under test, `running` plays one seed after another, and
`report` writes down what was found, each with a `transcript` and the line that replays it.
"""
