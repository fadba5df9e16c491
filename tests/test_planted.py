"""Every planted bug is caught by the invariants within a bounded number of worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planted.bugs import BUGS, mark_dropped
from vigia.run.simulate.worlds import main, run_world

WORLDS_MAX = 60

pytestmark = pytest.mark.worlds


def test_there_are_at_least_twenty() -> None:
    assert len(BUGS) >= 20
    assert len({bug.__name__ for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_caught(
    bug: Callable[[], Any], record_property: Callable[[str, object], None]
) -> None:
    for seed in range(WORLDS_MAX):
        with bug():
            found = run_world(seed).violations
        if found:
            assert run_world(seed).violations == (), f"seed {seed} fails without the bug too"
            rules = ", ".join(sorted({v.rule for v in found}))
            record_property("planted", f"{bug.__name__}: world {seed + 1}, by {rules}")
            return
    raise AssertionError(f"{bug.__name__}: not caught in {WORLDS_MAX} worlds")


def test_a_failing_world_prints_the_command_that_shows_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with mark_dropped():
        assert main(seed=7, count=1) == 1
    assert "vigia simulate --seed 7 --verbose" in capsys.readouterr().out
    assert main(seed=7, count=1) == 0
