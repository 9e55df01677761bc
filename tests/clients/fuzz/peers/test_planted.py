"""Bugs that are put into a relay or a client on purpose are found.

Each begins at a seed that is known to show it, so that `make test` need not search for long;
`make fuzz` begins at 0, and has some more bugs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.fuzz.peers.plan.as_client import story
from tests.clients.fuzz.peers.copies import IS_LONG, Bug, fuzz, python, relay_of, with_bug

CONNECTION = "relay/node/connection.py"
OUTBOX = "relay/delivery/outbox.py"
CLIENT = "clients/python/core/client_protocol.py"
FAULT = """\
        except RemoteProtocolError as error:
            self.break_off(error)

    def handle_timer"""

IN_RELAY = {
    "it forwards a damaged frame": (
        Bug("protocol/fast_path.py", "is_send and size == 5 + message[4]", "is_send"),
        334,
        {"lost", "bad_frame", "wrong"},
    ),
    "it does not count what is damaged": (
        Bug(CONNECTION, "counted=is_counted(message))", "counted=False)"),
        1,
        {"wrong_error"},
    ),
    "it passes over a message of one who lags": (
        Bug(
            OUTBOX,
            "            return _before(message)\n",
            "            return fast_path.seq(unwrap(message))\n",
        ),
        17,
        {"lost"},
    ),
}
IN_CLIENT = {
    "it dies of a damaged frame": (
        Bug(CLIENT, FAULT, FAULT.replace("self.break_off(error)", "__import__('os')._exit(3)")),
        2,
        {"died"},
    ),
    "it passes over a damaged frame": (
        Bug(CLIENT, FAULT, FAULT.replace("self.break_off(error)", "pass")),
        2,
        {"no_close", "answer"},
    ),
    "it counts a VOLATILE": (
        Bug(
            "clients/python/core/send_queue.py",
            "            self._waiting.pop(slot, None)\n",
            "            self._window.add(message)\n            self._waiting.pop(slot, None)\n",
        ),
        1,
        {"resend", "answer"},
    ),
    "its position is one message behind": (
        Bug(CLIENT, "self.resume.seq = first\n", "self.resume.seq = first - 1\n"),
        1,
        {"doubled"},
    ),
}
RARE_IN_RELAY = {
    "it tells nobody of one who lags": (
        Bug("relay/node/lagging.py", "self._tell(True, NoticeDetail(after=after))", "pass"),
        17,
        {"lost"},
    ),
    "it does not say that one has caught up": (
        Bug("relay/node/lagging.py", "self._tell(False,", "(lambda *_: None)(False,"),
        17,
        {"lost"},
    ),
    "it drops all values of one who lags": (
        Bug(OUTBOX, "        self._values[slot] = message\n", "        self.dropped += 1\n"),
        17,
        {"silent"},
    ),
    "it counts a VOLATILE": (
        Bug("protocol/opcodes.py", "        Opcode.SEND,\n", "Opcode.SEND, Opcode.VOLATILE,\n"),
        0,
        {"wrong_error"},
    ),
    "it fails upon what is damaged": (
        Bug(
            CONNECTION,
            "self._answer(explain(error, message), now, message, counted=is_",
            "raise KeyError(",
        ),
        0,
        {"closed"},
    ),
    "it says that too many fragments are its own fault": (
        Bug(
            "relay/link/inbound.py",
            '_refuse(1009, f"over {self.max_p',
            '_refuse(1011, f"{self.max_p',
        ),
        0,
        {"wrong_close"},
    ),
}
RARE_IN_CLIENT = {
    "it comes back although it shall not": (
        Bug("clients/python/core/backoff.py", "if not may_return(code):", "if code == -1:"),
        0,
        {"silent", "came_back"},
    ),
}

RELAYS = {**IN_RELAY, **RARE_IN_RELAY} if IS_LONG else IN_RELAY
CLIENTS = {**IN_CLIENT, **RARE_IN_CLIENT} if IS_LONG else IN_CLIENT


def options(seed: int, out: Path) -> tuple[object, ...]:
    first = 0 if IS_LONG else seed
    return (
        *("--first", "--count", 300, "--seed", first, "--patience", 4),
        *("--shrink", 0, "--out", out),
    )


@pytest.mark.fuzz
@pytest.mark.parametrize("name", RELAYS)
def test_a_relays_bug_is_found(name: str, tmp_path: Path) -> None:
    bug, seed, kinds = RELAYS[name]
    with relay_of(with_bug(tmp_path, bug)) as url:
        done = fuzz("server", url, *options(seed, tmp_path / "found"))
    assert done.status == 1, done.text
    assert done.kinds <= kinds, done.text


@pytest.mark.fuzz
@pytest.mark.parametrize("name", CLIENTS)
def test_a_clients_bug_is_found(name: str, tmp_path: Path) -> None:
    bug, seed, kinds = CLIENTS[name]
    command = python("python_async", with_bug(tmp_path, bug))
    done = fuzz("client", command, *options(seed, tmp_path / "found"))
    assert done.status == 1, done.text
    assert done.kinds <= kinds, done.text


@pytest.mark.fuzz
def test_a_finding_is_shrunk_and_replayed_bit_for_bit(tmp_path: Path) -> None:
    bug, _, kinds = IN_RELAY["it does not count what is damaged"]
    seed = 8  # nobody resumes in what is left of it: a relay's epoch is another each time
    with relay_of(with_bug(tmp_path / "copy", bug)) as url:
        options = ("--count", 1, "--seed", seed, "--shrink", 5)
        found = fuzz("server", url, *options, "--out", tmp_path / "out")
        (finding,) = found.report["findings"]
        again = fuzz("server", url, "--replay", finding["folder"], "--out", tmp_path / "again")
    assert {finding["kind"]} == kinds
    assert len(finding["parts"]) < len(story(seed)) / 2
    (replayed,) = again.report["findings"]
    assert [replayed[key] for key in ("kind", "step", "got", "parts", "sent")] == [
        finding[key] for key in ("kind", "step", "got", "parts", "sent")
    ]


@pytest.mark.fuzz
def test_what_a_relay_does_wrong_at_its_end_is_replayed_on_another(tmp_path: Path) -> None:
    notice = "self.send(Notice(NoticeKind.DRAIN, NoticeDetail(after=after)))"
    command = with_bug(tmp_path / "copy", Bug(CONNECTION, notice, "pass"))
    with relay_of(command) as url:
        found = fuzz(
            "server", url, "--count", 1, "--drain", "--shrink", 0, "--out", tmp_path / "out"
        )
    (finding,) = found.report["findings"]
    assert finding["kind"] == "no_notice"
    with relay_of(command) as url:
        again = fuzz("server", url, "--replay", finding["folder"], "--out", tmp_path / "again")
    (replayed,) = again.report["findings"]
    assert [replayed[key] for key in ("kind", "step", "got", "parts", "drain")] == [
        finding[key] for key in ("kind", "step", "got", "parts", "drain")
    ]
