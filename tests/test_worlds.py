"""Two thousand seeded worlds through the core; each must keep every invariant."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from vigia.run.simulate.worlds import complaint, run_world

WORLDS = 2_000
CHUNK = 50  # one test; small, so that two workers end together
ENDANGERING_MIN = 0.30

pytestmark = pytest.mark.worlds


@pytest.mark.parametrize("first", range(0, WORLDS, CHUNK))
def test_every_invariant_holds(first: int, record_property: Callable[[str, object], None]) -> None:
    results = [run_world(seed) for seed in range(first, first + CHUNK)]
    record_property("worlds", msgspec.json.encode(results).decode())
    failed = [line for r in results if r.violations for line in complaint(r)]
    assert not failed, "\n" + "\n".join(failed)
    assert sum(r.endangered > 0 for r in results) >= ENDANGERING_MIN * CHUNK
