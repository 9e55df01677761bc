"""How well a WebSocket class keeps to RFC 6455: the Autobahn suite's cases 1 to 7, 9 and 10."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from tests.conformance import suite

DEFAULT = "relay.server.ws_protocol:DirectProtocol"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--ws", default=DEFAULT, help=f"as for uvicorn; {DEFAULT} if left out")
    parser.add_argument("--only", nargs="+", default=suite.CASES, help="cases, as in 6.* 7.1.5")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    report = asyncio.run(suite.run(arguments.ws, arguments.only))
    if arguments.json:
        print(json.dumps(as_json(arguments.ws, report), indent=2))
    else:
        show(arguments.ws, report)
    return 0 if report.holds else 1


def as_json(ws: str, report: suite.Report) -> dict[str, object]:
    """Return the report as one object."""
    counts = {"failed": report.failed, "not_strict": report.not_strict, "holds": report.holds}
    return {"ws": ws, **counts, "cases": report.cases}


def show(ws: str, report: suite.Report) -> None:
    """Print the counts, and every case that is not simply right."""
    print(f"{ws}: {len(report.cases)} cases")
    for title, counts in (("behaviour", report.behaviours), ("close", report.closes)):
        print(f"  {title}:", ", ".join(f"{number} {name}" for name, number in counts.items()))
    for case, verdicts in report.cases.items():
        if verdicts[0] not in ("OK", "INFORMATIONAL"):
            excuse = " (excused)" if case in suite.EXCUSED else ""
            print(f"  {case:8} {verdicts[0]}, close {verdicts[1]}{excuse}")
    print(f"  not strict: {report.not_strict}, at most {suite.MOST_NOT_STRICT} are taken")
    print("  failed:", ", ".join(report.failed) or "none")
    print("  holds" if report.holds else "  does NOT hold")


if __name__ == "__main__":
    sys.exit(main())
