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


def changed(table: str, line: str) -> bytes:
    """GOOD with one more line in a table, as an operator would add it."""
    key = line.split(" ", 1)[0].encode()
    lines = GOOD.decode().splitlines()
    if f"[{table}]" not in lines:
        return GOOD + f"[{table}]\n{line}\n".encode()
    at = lines.index(f"[{table}]") + 1
    end = next((i for i in range(at, len(lines)) if lines[i].startswith("[")), len(lines))
    kept = [n for n in lines[at:end] if not n.encode().startswith(key + b" ")]
    return "\n".join([*lines[:at], line, *kept, *lines[end:]]).encode()


@pytest.mark.parametrize(
    ("table", "line", "words"),
    [
        ("listen", 'address = "8470"', "[listen] address: got '8470'; need HOST:PORT"),
        ("listen", 'address = "0.0.0.0"', "need HOST:PORT"),
        ("listen", 'address = "127.0.0.1:http"', "need HOST:PORT"),
        ("listen", 'address = "127.0.0.1:70000"', "need HOST:PORT"),
        ("listen", 'address = "http://127.0.0.1:8470"', "need HOST:PORT"),
        ("listen", 'address = "a..b:8470"', "need HOST:PORT"),
        ("tak", 'urls = ["http://x:1"]', "tak.urls: got 'http://x:1', need tcp://host:port"),
        ("sensors.north", 'adapter = "radr"', "[sensors.north] adapter: got 'radr'"),
        ("sensors.north", 'adapter = ":Class"', "[sensors.north] "),
        ("sensors.north", "p_detect = 0.0", "[sensors.north] p_detect: got 0.0; need more than 0"),
        ("sensors.north", "p_detect = 1.01", "p_detect: got 1.01; need more than 0, at most 1"),
        ("sensors.north", "p_detect = nan", "p_detect: got nan"),
        ("sensors.north", "false_per_hour = -1", "false_per_hour: got -1.0; need 0 or more"),
        ("sensors.north", "range_max_m = 0", "range_max_m: got 0.0; need > 0"),
        ("sensors.north", "silent_after_s = 0", "silent_after_s: got 0.0; need > 0"),
        ("[posts]", "radius_m = -1", "[[posts]] 12: radius_m: got -1.0; need 0 or more"),
        ("[posts]", "alt_hae_m = nan", "[[posts]] 12: alt_hae_m: got nan"),
        ("site", "alt_hae_m = inf", "[site] alt_hae_m: got inf"),
        ("storage", "forget_after_h = 0", "[storage] forget_after_h: got 0; need 1 or more"),
        ("storage", "scans_mb_max = 0", "[storage] scans_mb_max: got 0; need 1 or more"),
        ("policy", "warning_p = 1.5", "[policy] warning_p: got 1.5; need more than 0, at most 1"),
        ("policy", "danger_p = 0", "[policy] danger_p: got 0.0; need more than 0, at most 1"),
        ("policy", "horizon_s = inf", "[policy] horizon_s: got inf; need > 0"),
    ],
)
def test_a_value_that_cannot_work_is_refused_before_anything_starts(
    table: str, line: str, words: str
) -> None:
    with pytest.raises(SettingsError) as e:
        parse_settings(changed(table, line), name="site.toml")
    assert str(e.value).startswith("settings site.toml: ")
    assert words in str(e.value)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("listen", 'address = "[::1]:8470"'),
        ("listen", 'address = "::1:8470"'),
        ("listen", 'address = "vigia.lan:0"'),
        ("sensors.north", "p_detect = 1"),
        ("sensors.north", "false_per_hour = 0"),
        ("[posts]", "radius_m = 0"),
        ("storage", "forget_after_h = 1"),
        ("policy", "danger_p = 1"),
    ],
)
def test_a_value_at_the_limit_is_taken(table: str, line: str) -> None:
    parse_settings(changed(table, line), name="x")


def test_an_adapter_is_only_looked_for_when_there_is_a_source() -> None:
    body = changed("sensors.north", 'adapter = "radar"').replace(b'source = "-"', b"")
    assert parse_settings(body, name="x").sensors["north"].adapter == "radar"


def test_a_recording_as_a_source_needs_exercise_or_a_declared_simulator() -> None:
    body = GOOD.replace(b'source = "-"', b'source = "raid.pcap"')
    with pytest.raises(SettingsError, match=r"\[sensors.north\] source: got 'raid.pcap' in mode"):
        parse_settings(body, name="x")
    parse_settings(b'mode = "exercise"\n' + body, name="x")
    parse_settings(body.replace(b'link = "mast-1"', b"simulated = true"), name="x")


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
