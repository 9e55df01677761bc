"""A relay that is one of several on a port serves nobody, and says what to do."""

from __future__ import annotations

import logging

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from relay.http import listeners
from relay.http.app import create_app
from relay.lobby.homes import ALONE
from relay.policy.config import Settings


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Answer claims with these, one after another."""
    answers: list[bool] = []
    monkeypatch.setattr(listeners, "claim", lambda server: answers.pop(0))
    return answers


def test_it_refuses_everything_as_long_as_another_process_serves(
    answers: list[bool], caplog: pytest.LogCaptureFixture
) -> None:
    answers += [False] * 4 + [True]
    with caplog.at_level(logging.ERROR, "relay"), TestClient(create_app(Settings())) as client:
        for path in ("/", "/healthz", "/api/rooms"):
            refused = client.get(path)
            assert refused.status_code == 503
            assert "relay serve --workers" in refused.json()["detail"]
            assert refused.headers["retry-after"]
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/r/a"):
            pass
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz").status_code == 200  # it asks no more
        with client.websocket_connect("/r/a"):
            pass
    assert answers == []
    [said] = [record for record in caplog.records if "refuses to serve" in record.getMessage()]
    assert "relay serve --workers" in said.getMessage()


def test_a_relay_that_knows_of_the_others_asks_nobody(answers: list[bool]) -> None:
    with TestClient(create_app(Settings(), homes=ALONE)) as client:
        assert client.get("/healthz").status_code == 200


def test_where_nothing_can_be_claimed_it_serves_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(server: object) -> bool:
        raise OSError("no such folder")

    monkeypatch.setattr(listeners, "claim", fail)
    with caplog.at_level(logging.WARNING, "relay"), TestClient(create_app(Settings())) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz").status_code == 200
    assert caplog.text.count("no such folder") == 1
