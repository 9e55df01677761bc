"""The ways to a client: what is between a socket and a connection.

A *channel* reads and writes WebSocket frames over a transport. The *direct* link takes a channel
over from the server and hands messages on by plain calls. The *portable* link runs on any ASGI
server. Both carry a `Connection` (relay/node/connection.py) and empty its outbox.
"""

EXTENSION = "roomwire.direct"
"""Key of an ASGI scope's `extensions` where the server's protocol can be taken over: its value has
`take_over`, which is `relay.server.ws_protocol.DirectProtocol.take_over`."""
