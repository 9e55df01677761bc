"""The comparison as a picture."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from pathlib import Path

import pygal
from pygal.style import Style

from tests.benchmarks.compare import SHAPES, Standing

SCRIPT = re.compile("<script.*?</script>", re.DOTALL)
"""The script that pygal adds to each picture. A picture in a README has no use for it."""

LOOK = Style(
    background="white",
    plot_background="white",
    font_family="sans-serif",
    colors=("#2563eb", "#f59e0b"),
    label_font_size=12,
    major_label_font_size=12,
    title_font_size=14,
    legend_font_size=12,
    value_font_size=11,
)


def draw(standings: Sequence[Standing], path: Path) -> None:
    """Draw the most deliveries that each server bears, as SVG bars of medians over the rounds."""
    chart = pygal.HorizontalBar(
        style=LOOK,
        js=(),
        width=760,
        height=120 + 44 * len(standings),
        legend_at_bottom=True,
        print_values=True,
        print_values_position="top",
        show_minor_x_labels=False,
        value_formatter=lambda value: f"{value:,.0f}",
        title="Deliveries a second on one core: nothing lost, p99 under 50 ms",
    )
    chart.x_labels = [one.name for one in reversed(standings)]
    for rooms, players in SHAPES:
        values = [statistics.median(one.most.get((rooms, players)) or [0.0]) for one in standings]
        chart.add(f"{rooms} rooms of {players}", values[::-1])
    path.write_text(SCRIPT.sub("", chart.render(is_unicode=True)))
