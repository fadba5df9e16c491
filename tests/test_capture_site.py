"""A height on a phone is above the ground of the one it warns; nobody's guess stands in for it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from msgspec.structs import replace

from vigia.events import Alert, Event
from vigia.geo import Site
from vigia.run import fast
from vigia.run.capture_site import capture_ground_m, capture_origin
from vigia.run.plan import RunPlan
from vigia.run.settings import SettingsError, parse_settings
from vigia.run.simulate import capture
from vigia.run.simulate.capture import Flight, frames, header
from vigia.run.start import capture_plan, parse_posts
from vigia.wire import odid

LAT, LON, GROUND_M, HEIGHT_M = 31.79, -106.75, 137.0, 100.0
SITE = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=GROUND_M)
POST = f"Post 12,{LAT},{LON}"
START_NS = 1_767_225_600 * 10**9


@pytest.fixture
def approach(tmp_path: Path) -> Path:
    """A drone 100 m above ground that lies 137 m above the ellipsoid."""
    return written(tmp_path / "approach.pcap")


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, but its messages tell no height above take-off."""
    told = capture._messages  # pyright: ignore[reportPrivateUsage]

    def untold(*args: object) -> list[odid.Message]:
        messages = told(*args)  # pyright: ignore[reportArgumentType]
        return [replace(m, height_m=None) if isinstance(m, odid.Location) else m for m in messages]

    monkeypatch.setattr(capture, "_messages", untold)
    return written(tmp_path / "silent.pcap")


def written(path: Path) -> Path:
    flight = Flight("VIGIATEST1", 0.0, 400.0, 0.0, -15.0, height_m=HEIGHT_M)
    records = b"".join(r for _, r in frames(SITE, [flight], start_ns=START_NS, seconds=20, hz=2))
    path.write_bytes(header() + records)
    return path


def plan_of(path: Path, *, posts: list[str], settings: str | None = None) -> RunPlan:
    return capture_plan(
        [str(path)],
        settings=None if settings is None else parse_settings(settings.encode(), name="x"),
        posts=parse_posts(posts),
        adapter="remote_id",
        listen=None,
    )


def heights(plan: RunPlan, monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """Of all alerts the plan's capture raises, while they are open."""
    found: list[float | None] = []
    saw = fast._Report.saw  # pyright: ignore[reportPrivateUsage]

    def keep(self: object, event: Event, decisions: list[Event]) -> None:
        alerts = [d.body for d in decisions if isinstance(d.body, Alert)]
        found.extend(a.height_m for a in alerts if a.end_reason is None)
        saw(self, event, decisions)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(fast._Report, "saw", keep)  # pyright: ignore[reportPrivateUsage]
    fast.run_fast(plan, io.StringIO())
    assert found
    return found


def test_the_ground_is_altitude_minus_height_above_take_off(approach: Path) -> None:
    ground = capture_ground_m(approach, "remote_id")
    assert ground == pytest.approx(GROUND_M, abs=1.0)
    origin = capture_origin(approach, "remote_id")
    assert origin.alt_hae_m == ground
    assert origin.lat_deg == pytest.approx(LAT, abs=0.01)


@pytest.mark.parametrize(
    "settings",
    [None, f'[site]\nlat_deg = {LAT}\nlon_deg = {LON}\n[[posts]]\nid = "a"\nname = "A"\n'
     f"lat_deg = {LAT}\nlon_deg = {LON}\n"],
)  # fmt: skip
def test_an_alert_tells_the_height_above_the_ground(
    approach: Path, monkeypatch: pytest.MonkeyPatch, settings: str | None
) -> None:
    plan = plan_of(approach, posts=[POST], settings=settings)
    grounds = [p.position.alt_hae_m for p in plan.core.posts] + [plan.core.origin.alt_hae_m]
    assert grounds == [pytest.approx(GROUND_M, abs=1.0)] * len(grounds)
    known = [h for h in heights(plan, monkeypatch) if h is not None]
    assert known
    assert all(abs(h - HEIGHT_M) < 15.0 for h in known)


def test_no_height_is_told_when_nothing_tells_the_ground(
    silent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(silent, posts=[POST])
    assert plan.core.origin.alt_hae_m is None
    assert capture_origin(silent, "remote_id").alt_hae_m is None
    assert set(heights(plan, monkeypatch)) == {None}


def test_an_altitude_that_settings_give_stands(approach: Path) -> None:
    site = f"[site]\nlat_deg = {LAT}\nlon_deg = {LON}\nalt_hae_m = 120.0\n"
    plan = plan_of(approach, posts=[POST], settings=site)
    assert plan.core.origin.alt_hae_m == 120.0
    assert plan.core.posts[0].position.alt_hae_m == 120.0


def test_a_capture_that_cannot_be_had_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.pcap: cannot be read"):
        plan_of(tmp_path / "nowhere.pcap", posts=[POST])
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(header())
    with pytest.raises(SettingsError, match="no frame holds a position; give the site"):
        plan_of(empty, posts=[])
    assert plan_of(empty, posts=[POST]).core.origin.alt_hae_m is None
