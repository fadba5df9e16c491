"""docs/security.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_answer_to_an_attacker_names_a_test_that_is_there() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", text))
    there = {
        name
        for path in ROOT.glob("tests/test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert len(named) >= 25
    assert named - there == set()
    for attacker in (
        "forger of sightings",
        "flooding phone",
        "stolen phone",
        "curious colleague",
        "lying sensor",
        "listener",
        "insider",
    ):
        section = text.partition(f"The {attacker}")[2].partition("\n### ")[0]
        assert re.search(r"`test_\w+`", section), attacker
