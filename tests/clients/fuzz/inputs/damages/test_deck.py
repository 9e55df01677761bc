"""All damages together: each is drawn, each can happen, and the order of SPEC 3.3 is tried."""

from __future__ import annotations

from itertools import islice, product
from pathlib import Path
from random import Random

from clients.fuzz.inputs import damages
from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.cases import case_of, cases
from clients.fuzz.inputs.damages.deck import DAMAGES, FAMILIES, SIMPLE, deck_for, several_faults
from clients.fuzz.inputs.damages.harm import Harm, together
from clients.fuzz.inputs.writing.frames import message
from tests.helpers.answers import answer


def test_every_module_of_damages_is_a_family() -> None:
    folder = Path(damages.__path__[0])
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "harm", "deck"}
    assert {family.__name__.rpartition(".")[2] for family in FAMILIES} == modules


def test_names_say_which_damage_it_is() -> None:
    assert all(name == damage.name for name, damage in DAMAGES.items())
    assert len(DAMAGES) == len(SIMPLE) + 2 > 50


def test_every_damage_finds_something_in_some_message() -> None:
    rng = Random(3)
    left = dict(DAMAGES)
    for reader in [*Reader] * 400:
        written = message(rng, reader)
        written.neighbour = written.data
        fits = [each for each in left.values() if reader in each.readers]
        for damage in [each for each in fits if each.needs in ("", *written.has)]:
            if damage.harm(rng, written) is not None:
                del left[damage.name]
    assert left == {}


def step(harm: Harm) -> int:
    assert harm.fault
    return int(harm.fault.rule.split(".")[2])


def test_every_step_of_the_order_is_tried_against_every_later_one() -> None:
    """3.3.7 against itself, too: two fields that do not fit."""
    rng = Random(5)
    tried = set()
    for reader in [Reader.CLIENT_FRAME, Reader.RELAY_FRAME] * 700:
        written = message(rng, reader)
        deck = deck_for(written, combined=True)
        drawn = [each.harm(rng, written) for each in rng.sample(deck, 6)]
        harms = [harm for harm in drawn if harm and harm.fault and harm.fault.code]
        for one, other in product(harms, harms):
            both = together([one, other])
            if both is not None and step(one) <= step(other):
                case = case_of(written, several_faults, both)
                assert answer(case.data, reader) == case.verdict, case.data.hex()
                tried.add((reader, step(one), step(other)))
    steps = {
        Reader.CLIENT_FRAME: (2, 3, 4, 5, 6, 7),
        Reader.RELAY_FRAME: (2, 3, 4, 6, 7),  # a client ignores opcodes that it does not know
    }
    wanted = {
        (reader, one, other)
        for reader, several in steps.items()
        for one, other in product(several, several)
        if one < other or one == other in (3, 7)
    }
    assert wanted - tried == set()


def test_cases_with_several_faults_are_many() -> None:
    drawn = list(islice(cases(11), 5000))
    assert sum(case.damage == several_faults.name for case in drawn) > 400
