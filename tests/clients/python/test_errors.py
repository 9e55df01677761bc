"""Each close is a sentence and an advice, and each refusal of an entry an error of its own."""

from __future__ import annotations

import pickle

import pytest

import roomwire
from clients.python.errors import (
    CAUSES,
    MEANING,
    JoinError,
    LobbyRefused,
    NoSuchRoom,
    explain,
    join_error,
)
from clients.python.events import Closed
from protocol.close_codes import CloseCode, may_return


@pytest.mark.parametrize("code", MEANING)
def test_our_own_words_are_a_sentence_and_an_advice(code: int) -> None:
    meaning, advice = MEANING[code]
    assert explain(code, "a_word", "") == f"{meaning}. {advice}".rstrip()


def test_who_was_removed_is_not_told_a_wrong_name_for_who_did_it() -> None:
    """An operator kicks with the same code as a host."""
    assert "host or the operator" in explain(CloseCode.KICKED, "kicked", "")


@pytest.mark.parametrize("said", ["the room is over", "The room is over.", "The room is over"])
def test_the_relays_words_replace_ours_and_keep_our_advice(said: str) -> None:
    assert explain(CloseCode.NO_SUCH_ROOM, "no_such_room", said) == (
        "The room is over. Check its code, or make it with create=True."
    )


def test_a_games_reason_stands_alone() -> None:
    """Our advice could contradict it."""
    said = "'Mallory' is not on the guest list"
    assert explain(CloseCode.NOT_ADMITTED, "not_admitted", said) == f"{said}."


PUBLIC = [getattr(roomwire, name) for name in roomwire.__all__]
ERRORS = [each for each in PUBLIC if isinstance(each, type) and issubclass(each, Exception)]


@pytest.mark.parametrize("error", ERRORS)
def test_a_traceback_names_an_error_as_programs_import_it(error: type[Exception]) -> None:
    assert f"{error.__module__}.{error.__qualname__}" == f"roomwire.{error.__name__}"
    assert pickle.loads(pickle.dumps(error)) is error


def test_a_code_of_a_newer_relay_is_named() -> None:
    assert explain(4999, "odd", "") == "The connection ended with code 4999 odd."
    assert explain(1006, "", "") == "The connection ended with code 1006."


def closed(code: int) -> Closed:
    return Closed(code, "word", "A sentence.", may_return=False)


def test_every_code_that_keeps_an_entry_out_for_good_has_an_error_or_a_meaning() -> None:
    final = {code for code in CloseCode if not may_return(code)}
    assert final <= set(MEANING)
    assert set(CAUSES) <= set(MEANING)


def test_every_error_has_its_code() -> None:
    assert set(JoinError.__subclasses__()) == set(CAUSES.values())
    for code, error in CAUSES.items():
        raised = join_error(closed(code))
        assert (type(raised), str(raised), raised.closed.code) == (error, "A sentence.", code)


def test_other_codes_are_a_join_error() -> None:
    assert type(join_error(closed(CloseCode.GOING_AWAY))) is JoinError
    assert issubclass(NoSuchRoom, JoinError)


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (None, "the relay refuses (HTTP 429): too many"),
        (3, "the relay refuses (HTTP 429): too many; come back in 3 s"),
    ],
)
def test_a_refusal_of_the_lobby_says_when_to_come_back(after: int | None, text: str) -> None:
    assert str(LobbyRefused(429, "too many", after)) == text


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
