"""The score sheet as one HTML file: readable on a phone, light and dark, without any script."""

from __future__ import annotations

from html import escape
from typing import Any

from clients.conform.runner import Result, Verdict
from clients.conform.sheet import SECTIONS, Sheet

CSS = """
:root { color-scheme: light dark; --fg: #1c2128; --bg: #fff; --soft: #59636e; --line: #d1d9e0;
  --good: #1a7f37; --bad: #cf222e; }
@media (prefers-color-scheme: dark) {
  :root { --fg: #e6edf3; --bg: #0d1117; --soft: #9198a1; --line: #3d444d;
    --good: #3fb950; --bad: #f85149; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg);
  margin: 0 auto; padding: 1rem; max-width: 60rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
ul { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid var(--line); padding: .5rem 0; }
.rules, .seen { display: block; font-size: .875rem; color: var(--soft); }
.passed b { color: var(--good); } .failed b, .failed .seen { color: var(--bad); }
.score { font-size: 1.1rem; }
"""

MARKS = {
    Verdict.PASSED: "✓",
    Verdict.FAILED: "✗",
    Verdict.ADVISED: "!",
    Verdict.NOT_APPLICABLE: "·",
}


def page(sheet: Sheet) -> str:
    """Return the whole file."""
    title = escape(f"Roomwire conformance of a {sheet.side}: {sheet.subject}")
    total = sheet.count()
    score = ", ".join(f"{total[verdict]} {verdict.value}" for verdict in Verdict)
    alike = "\n".join(f'<p class="seen">{escape(each)}</p>' for each in sheet.alike())
    sections = "\n".join(_section(sheet, number) for number in sheet.sections())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{CSS}</style>
</head>
<body>
<h1>{title}</h1>
<p class="score">{score}</p>
{alike}
{sections}
</body>
</html>
"""


def _section(sheet: Sheet, number: int) -> str:
    own = [each for each in sheet.results if each.case.section == number]
    rows = "\n".join(map(_row, own))
    return f"<h2>{number} {escape(SECTIONS[number])}</h2>\n<ul>\n{rows}\n</ul>"


def _row(result: Result[Any]) -> str:
    case = result.case
    kind = result.verdict.name.lower().replace("_", "-")
    rules = ", ".join(case.rules)
    found = f"SPEC {result.rule}: {result.text}" if result.rule else result.text
    seen = f'<span class="seen">{escape(found)}</span>' if found else ""
    return (
        f'<li class="{kind}"><b title="{result.verdict.value}">{MARKS[result.verdict]}</b> '
        f"{case.number} {escape(case.title)}{seen}"
        f'<span class="rules">SPEC {escape(rules)}</span></li>'
    )
