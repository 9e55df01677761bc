"""The codec at hand against plain Python: `make test` runs this on the compiled wheel, too."""

from __future__ import annotations

import os
from itertools import islice

from clients.fuzz.codec.hunt import batches, judged
from clients.fuzz.codec.sides import ours
from clients.fuzz.codec.sides.adapter import Adapter
from clients.fuzz.inputs.cases import cases
from tests.clients.fuzz.codec.programs import ROOT, python_with


def test_the_codec_at_hand_agrees_with_plain_python() -> None:
    assert ours.is_compiled() == ("COMPILED" in os.environ)
    with Adapter(python_with(ROOT)) as plain:
        assert plain.hello.name == "python"
        for batch in batches(islice(cases(1), 2000)):
            assert list(judged(batch, [plain])) == []
