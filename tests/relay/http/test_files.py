"""Pages are read from where they were built."""

from pathlib import Path

import pytest

from relay.http import files


def test_a_page_knows_where_its_links_lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WEB", tmp_path)
    (tmp_path / "room.html").write_text("<html><head><title>Löwe</title></head></html>", "utf-8")
    assert '<head><base href="../"><title>Löwe' in files.page("room", "../")
    assert '<base href="/&quot;&gt;/">' in files.page("room", '/">/')


def test_a_page_that_was_not_built_says_how_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WEB", tmp_path)
    assert "make setup" in files.page("room", "../")


@pytest.mark.parametrize("name", ["index", "room"])
def test_the_pages_that_are_built_take_their_root(name: str) -> None:
    text = (files.WEB / f"{name}.html").read_text("utf-8")
    assert "<head>" in text
    assert 'src="/' not in text
    assert 'href="/' not in text
