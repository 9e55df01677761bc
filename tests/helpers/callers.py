"""Callers of a relay, and the policy that judges them."""

from relay.policy.origins import Caller, Policy

POLICY = Policy(
    names=["play.example.com"], origins=["https://game.example.com", "capacitor://localhost"]
)


def caller(
    origin: str | None = None,
    host: str | None = "localhost:8000",
    client: str | None = "127.0.0.1",
    server: str | None = "127.0.0.1",
) -> Caller:
    return Caller(origin, host, client, server)


def remote(origin: str | None, host: str | None = "192.168.1.5:8000") -> Caller:
    return Caller(origin, host, "192.168.1.77", "192.168.1.5")
