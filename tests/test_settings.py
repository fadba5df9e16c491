"""A wrong key, a wrong value, a missing file: each is one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigia.run.settings import SettingsError, load_settings, parse_settings
from vigia.terms import Channel, Mark

GOOD = b"""
[site]
name = "Sector 4"
lat_deg = 31.79
lon_deg = -106.75
alt_hae_m = 1200.0
[[posts]]
id = "12"
name = "Post 12"
lat_deg = 31.79
lon_deg = -106.74
[sensors.north]
adapter = "remote_id"
source = "-"
link = "mast-1"
[tak]
urls = ["udp://127.0.0.1:6969"]
"""


def test_a_good_file_becomes_core_settings() -> None:
    core = parse_settings(GOOD, name="x").core()
    assert core.mode is Mark.ACTUAL
    assert core.posts[0].position.alt_hae_m == 1200.0
    assert core.sensors[0].link == "mast-1"
    assert core.channels == (Channel.PAGE, Channel.COT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (b'lnk = "a"', "[sensors[...]] unknown key 'lnk'; did you mean 'link'?"),
        (b"[policy]\ndanger_radius = 5.0", "[policy] unknown key 'danger_radius'; did you mean"),
        (b"[policy]\ndanger_radius_m = -5.0", "danger_radius_m: got -5.0; need > 0"),
        (b"[lissen]\n", "unknown key 'lissen'; did you mean 'listen'?"),
        (b"[listen]\naddress = 3", "Expected `str`, got `int` - at `listen.address`"),
        (b"[[[", "not TOML"),
        (b"\xff", "not TOML"),
    ],
)
def test_errors_name_the_key_and_the_way_out(change: bytes, words: str) -> None:
    body = GOOD.replace(b'link = "mast-1"', change) if b"lnk" in change else GOOD + change
    with pytest.raises(SettingsError) as e:
        parse_settings(body, name="site.toml")
    assert "site.toml" in str(e.value)
    assert words in str(e.value)


def test_demo_mode_two_equal_posts_and_impossible_places_are_refused() -> None:
    with pytest.raises(SettingsError, match="vigia demo"):
        parse_settings(b'mode = "demo"\n' + GOOD, name="x")
    twice = GOOD + b'[[posts]]\nid = "12"\nname = "B"\nlat_deg = 1\nlon_deg = 2\n'
    with pytest.raises(SettingsError, match="two have the id '12'"):
        parse_settings(twice, name="x")
    with pytest.raises(SettingsError, match="latitude within"):
        parse_settings(GOOD.replace(b"31.79", b"131.79"), name="x")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read"):
        load_settings(tmp_path / "nowhere.toml")
