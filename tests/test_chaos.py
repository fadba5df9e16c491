"""Kills at random instants under load, while every other way out hangs: nothing is lost."""

from __future__ import annotations

import pytest
from tools.chaos import run

KILLS = 5


@pytest.mark.timeout(600)
def test_kills_lose_nothing_that_was_acknowledged() -> None:
    checks = run(KILLS, seed=3)
    # How fast it is back depends on who else uses the machine; the command measures that.
    lost = [line for line in checks.failures if not line.startswith("back in service")]
    assert not lost, lost
