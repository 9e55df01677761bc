"""The comparison, as a table for people and as values for programs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tests.benchmarks.compare import COSTS, SHAPES, Standing


def table(standings: Sequence[Standing], rounds: int) -> str:
    """Return a table of medians over the rounds, and their spread. The first server is ours."""
    ours = standings[0]
    lines = [
        f"64 bytes, one core for each server, medians (least - most) of {rounds} rounds",
        "",
        f"{'most deliveries/s, all there, p99 < 50 ms':42}"
        + "".join(f"{f'{rooms} x {players}':>42}" for rooms, players in SHAPES),
    ]
    for one in standings:
        cells = (_most(one.most.get(shape, []), ours.most.get(shape, [])) for shape in SHAPES)
        lines.append(f"  {one.name:40}" + "".join(f"{cell:>42}" for cell in cells))
    lines += ["", f"{'p99 ms at half of that':42}"]
    for one in standings:
        cells = (_spread(one.half.get(shape, []), ",.1f") for shape in SHAPES)
        lines.append(f"  {one.name:40}" + "".join(f"{cell:>42}" for cell in cells))
    heads = (f"{rooms} x {players} x {hz:g} Hz" for rooms, players, hz in COSTS)
    lines += ["", f"{'CPU us for a delivery':42}" + "".join(f"{head:>42}" for head in heads)]
    for one in standings:
        cells = (_cost(one.cost.get(load, []), ours.cost.get(load, [])) for load in COSTS)
        lines.append(f"  {one.name:40}" + "".join(f"{cell:>42}" for cell in cells))
    return "\n".join([*lines, "", *_doubts(standings)])


def _doubts(standings: Sequence[Standing]) -> list[str]:
    busiest = max(one.load_cpu for one in standings)
    disturbed = sum(one.disturbed for one in standings)
    lines = [f"The load itself used at most {busiest:.0%} of its core."]
    if disturbed:
        lines.append(
            f"In {disturbed} loads, others on this machine disturbed it: such a load "
            "counts against the server."
        )
    return lines


def _spread(values: Sequence[float], form: str) -> str:
    if not values:
        return "-"
    middle = format(statistics.median(values), form)
    return f"{middle} ({format(min(values), form)} - {format(max(values), form)})"


def _most(values: Sequence[float], ours: Sequence[float]) -> str:
    if not any(values):
        return "0" if values else "-"
    return f"{_spread(values, ',.0f')} {_ratio(ours, values)}"


def _cost(values: Sequence[float], ours: Sequence[float]) -> str:
    return f"{_spread(values, '.1f')} {_ratio(ours, values)}"


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return ours divided by theirs, as in x0.62."""
    if not ours or not theirs or not statistics.median(theirs):
        return " " * 6
    return f"x{statistics.median(ours) / statistics.median(theirs):5.2f}"


def as_dict(standings: Sequence[Standing]) -> list[dict[str, object]]:
    """Return it for programs."""
    return [
        {
            "server": one.name,
            "most_deliveries_per_second": _named(one.most),
            "p99_ms_at_half": _named(one.half),
            "us_per_delivery": _named(one.cost),
            "load_cpu": round(one.load_cpu, 3),
            "disturbed_loads": one.disturbed,
        }
        for one in standings
    ]


def _named(
    found: dict[tuple[int, int], list[float]] | dict[tuple[int, int, float], list[float]],
) -> dict[str, list[float]]:
    return {" x ".join(f"{part:g}" for part in key): values for key, values in found.items()}
