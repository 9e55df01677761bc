import json

from clients.python.bots.report import Spread, Tally, make_report, percentile


def test_percentiles_of_known_values() -> None:
    values = [float(n) for n in range(1, 101)]
    assert Spread.of(reversed(values)) == Spread(51.0, 96.0, 100.0)
    assert str(Spread.of([1.234])) == "p50 1.2 ms  p95 1.2 ms  p99 1.2 ms"


def test_nothing_measured_is_no_number() -> None:
    assert percentile([], 0.5) is None
    assert Spread.of([]) == Spread(None, None, None)
    assert str(Spread.of([])) == "not measured"


def test_a_report_reads_well_and_counts_complaints() -> None:
    tally = Tally(joined=2, events=3000, sent=40, received=3100, complaints=["full", "full", "odd"])
    report = make_report(tally, script="Wander", room="K7QF", count=5, seconds=2.0)
    text = str(report)
    assert text.startswith("2 of 5 bots (Wander) in room K7QF for 2.0 s\n")
    assert "3,000 (1,500 a second)" in text
    assert "2 x  full" in text
    assert "1 x  odd" in text
    assert not report.is_good


def test_strangers_words_act_on_no_other_word_of_a_report() -> None:
    tally = Tally(
        joined=1, complaints=["\u202eAnn\x1b[2J\nsaid no", "\u05d3\u05df broke", "\u200b"]
    )
    report = make_report(tally, script="Idle", room="R\u2066\r", count=1, seconds=1.0)
    first, *_, ann, dan, nothing = str(report).split("\n")
    assert first == "1 of 1 bots (Idle) in room R for 1.0 s"
    assert ann == "  1 x  Ann[2J said no"
    assert dan == "  1 x  \u2068\u05d3\u05df broke\u2069"
    assert nothing == "  1 x  (nothing that can be read)"


def test_a_report_is_json_too() -> None:
    report = make_report(Tally(joined=1), script="Idle", room="R", count=1, seconds=1.0)
    assert json.loads(report.as_json())["round_trip"] == {"p50": None, "p95": None, "p99": None}
    assert report.is_good
