"""A game with its own protocol.py beside its script."""

import subprocess
import sys
from pathlib import Path


def test_a_games_own_protocol_module_is_named_as_the_cause(tmp_path: Path) -> None:
    shadow = tmp_path / "protocol.py"
    shadow.write_text("MAGIC = 7\n")
    game = tmp_path / "game.py"
    game.write_text("from clients.python import connect\n")
    run = subprocess.run([sys.executable, game], capture_output=True, text=True, timeout=30)
    assert run.returncode == 1
    complaint = run.stderr.splitlines()[-1]
    assert complaint.startswith("ImportError: ")
    assert str(shadow) in complaint
    assert "rename that file" in complaint
