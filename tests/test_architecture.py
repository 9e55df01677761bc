"""What docs/architecture.md draws is what the code's own tables say."""

import re
from collections import defaultdict
from pathlib import Path

from protocol.codec import Role
from protocol.conversation import TRANSITIONS, Event, name_of
from protocol.error_codes import ErrorCode
from relay.delivery import mode as mode_table

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def name(event: Event) -> str:
    return f"ERROR {event.name}" if isinstance(event, ErrorCode) else name_of(event)


def conversation() -> str:
    """Draw the states of a conversation, and the frames that lead from one to another."""
    arrows = defaultdict(list)
    for role in (Role.CLIENT, Role.RELAY):
        for state, row in TRANSITIONS[role].items():
            for event, target in row.items():
                if target is not state:
                    arrows[state.name, target.name].append(name(event))
    lines = [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in arrows.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> NEW", *lines])


def outbox() -> str:
    """Draw the modes of an outbox, and the moves that lead from one to another."""
    arrows = [
        f"    {mode.name} --> {target.name}: {move.name}"
        for mode, row in mode_table.TRANSITIONS.items()
        for move, target in row.items()
        if target is not mode
    ]
    return "\n".join(["stateDiagram-v2", "    [*] --> OPENING", *arrows])


def floors(container: str = "relay") -> list[str]:
    """Return what a package holds from top to bottom, as the import contract has it."""
    text = (ROOT / "pyproject.toml").read_text()
    found = re.search(rf'containers = \["{container}"\]\nlayers = \[(.*?)\]', text, re.S)
    assert found
    return re.findall(r"[a-z_]+", found[1])


def listed(title: str) -> list[str]:
    """Return the floors that the page lists under a title."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.M)
    return re.findall(r"`([a-z_]+)/?`", " ".join(rows))


def test_the_conversation_is_drawn_as_its_table_says() -> None:
    assert f"```mermaid\n{conversation()}\n```" in PAGE, conversation()


def test_an_outbox_is_drawn_as_its_table_says() -> None:
    assert f"```mermaid\n{outbox()}\n```" in PAGE, outbox()


def test_the_floors_are_listed_in_their_order() -> None:
    assert listed("The relay's floors") == floors()
    assert listed("The Python client's floors") == floors("clients.python")


def test_every_package_is_on_a_floor_and_says_what_it_is() -> None:
    packages = {path.parent.name for path in (ROOT / "relay").glob("*/__init__.py")}
    assert packages == set(floors())
    for package in packages:
        text = (ROOT / "relay" / package / "__init__.py").read_text()
        assert text.startswith('"""'), package


def test_every_function_that_the_page_names_is_in_its_file() -> None:
    named = re.findall(r"`(relay/[\w/]+\.py)`: ((?:`\w+`(?:, )?)+)", PAGE)
    assert len(named) > 5
    for path, functions in named:
        for function in re.findall(r"`(\w+)`", functions):
            assert f"def {function}(" in (ROOT / path).read_text(), (path, function)


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:relay|protocol|clients|tests)/[\w/.]+)`", PAGE)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_file_that_code_names_is_there() -> None:
    """With its folder or without."""
    code = [
        path for top in ("relay", "protocol", "roomwire") for path in (ROOT / top).rglob("*.py")
    ]
    there = "".join(f"/{path.relative_to(ROOT)}\n" for path in code)
    named = [
        (str(path.relative_to(ROOT)), name)
        for path in code
        for name in re.findall(r"(?<![\w./])(?:\w+/)*\w+\.py\b", path.read_text())
    ]
    assert named
    assert [(path, name) for path, name in named if f"/{name}\n" not in there] == []
