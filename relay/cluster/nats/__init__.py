"""The log and the bus over NATS: JetStream orders the entries, core NATS carries the rest.

`Connection` is one connection to one of several servers, made anew whenever it ends. `Layout` says
which streams and subjects there are; `Streams` makes and checks them. `JetStreamLog` and `NatsBus`
are what the floors above use, and `Watch` tells when the log is in trouble. nats-py is imported
here alone: it comes with `roomwire[cluster]`.
"""
