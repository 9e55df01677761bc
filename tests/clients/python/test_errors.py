"""What errors say is one legible line, whoever's words are in it."""

from __future__ import annotations

import pytest

from clients.python.errors import LobbyRefused, explain
from protocol.close_codes import CloseCode

STRANGE = "\x1b[2J\x1b[31mpay \u202ehere\n\x07"


@pytest.mark.parametrize("code", [CloseCode.KICKED, CloseCode.NORMAL, 4999])
def test_a_close_is_explained_without_what_a_terminal_would_obey(code: int) -> None:
    for reason, said in ((STRANGE, ""), ("", STRANGE), (STRANGE, STRANGE)):
        text = explain(code, reason, said)
        assert text.isprintable()
        assert text.strip()
        assert "pay here" in text or not said


def test_a_refusal_of_the_lobby_shows_none_of_it_and_keeps_the_words_as_they_are() -> None:
    refused = LobbyRefused(404, STRANGE)
    assert str(refused).isprintable()
    assert "pay here" in str(refused)
    assert refused.text == STRANGE
