"""`--fast`: recordings through the core at once; what it prints is never taken for actual."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from msgspec.structs import replace

from vigia.geo import Site
from vigia.run.fast import run_fast
from vigia.run.plan import RunPlan
from vigia.run.settings import parse_settings
from vigia.run.simulate.capture import Flight, frames, header
from vigia.run.start import capture_plan, parse_posts
from vigia.terms import Mark

LAT, LON = 31.79, -106.75
SITE = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=0.0)
SETTINGS = f"""
[site]
lat_deg = {LAT}
lon_deg = {LON}
[[posts]]
id = "12"
name = "Post 12"
lat_deg = {LAT}
lon_deg = {LON}
"""


@pytest.fixture
def approach(tmp_path: Path) -> Path:
    """20 s of a drone that comes from the north at 15 m/s."""
    path = tmp_path / "approach.pcap"
    flight = Flight("VIGIATEST1", 0.0, 400.0, 0.0, -15.0)
    start = 1_767_225_600 * 10**9
    records = b"".join(r for _, r in frames(SITE, [flight], start_ns=start, seconds=20, hz=2))
    path.write_bytes(header() + records)
    return path


def printed(plan: RunPlan) -> list[str]:
    out = io.StringIO()
    assert run_fast(plan, out) == 0
    return [line for line in out.getvalue().splitlines() if "post/" in line]


def plan_of(approach: Path, *, more: str = "", files: bool = True) -> RunPlan:
    settings = parse_settings((SETTINGS + more).encode(), name="x")
    return capture_plan(
        [str(approach)] if files else [],
        settings=settings,
        posts=parse_posts([]),
        adapter="remote_id",
        listen=None,
    )


def test_alerts_of_a_recording_say_exercise_whatever_the_settings_mode(approach: Path) -> None:
    plan = plan_of(approach)
    actual = replace(plan, core=replace(plan.core, mode=Mark.ACTUAL))
    for given in (plan, actual):
        lines = printed(given)
        assert any("DANGER" in line for line in lines)
        assert all("[EXERCISE]" in line for line in lines)


def test_a_declared_simulator_in_mode_actual_says_exercise_too(approach: Path) -> None:
    more = f'[sensors.sim]\nadapter = "remote_id"\nsource = "{approach}"\nsimulated = true\n'
    plan = plan_of(approach, more=more, files=False)
    assert plan.core.mode is Mark.ACTUAL
    lines = printed(plan)
    assert lines
    assert all("[EXERCISE]" in line for line in lines)
