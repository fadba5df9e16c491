"""Every planted bug is caught by the invariants within a bounded number of worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planted.bugs import BUGS
from vigia.run.simulate.worlds import run_world

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
