"""A setting is named as the reader can write it: as an option, a variable, or an argument."""

from __future__ import annotations

import pytest

from relay.policy.config import Settings
from relay.policy.spelling import by_option, by_settings, option, variable


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("port", "--port"),
        ("drain_seconds", "--drain-seconds"),
        ("origins", "--origin"),
        ("names", "--name"),
        ("trusted_proxies", "--trusted-proxy"),
    ],
)
def test_an_option_is_the_word_of_one_value(field: str, name: str) -> None:
    assert field in Settings.model_fields
    assert option(field) == name


def test_a_variable_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("drain_seconds"), "7")
    assert Settings().drain_seconds == 7


def test_each_reader_sees_the_form_that_they_can_use() -> None:
    assert by_option("origins", "https://a.example") == "--origin https://a.example"
    assert by_settings("origins", "https://a.example") == (
        "RELAY_ORIGINS=https://a.example (or Settings(origins=...))"
    )
