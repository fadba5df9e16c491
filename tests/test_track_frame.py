"""Pictures in columns: two encoders agree, the page reads what was said, garbage is refused."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gateway_world import run, world
from vigia.events import TracksPublished
from vigia.run.link import Arrival, PersonSpot, Picture
from vigia.run.page_json import PictureOut, SpotOut, TrackOut
from vigia.run.track_frame import HEAD, MAGIC, TRACKS_MAX, frame_bytes, frame_of_rows
from vigia.run.track_json import tracks_json
from vigia.terms import Identity, Position, Role
from vigia.tracktable import PUBLISHED_DTYPE, PUBLISHED_VERSION

ROOT = Path(__file__).resolve().parent.parent
FRAMES = ROOT / "src" / "vigia" / "web" / "static" / "console" / "frames.mjs"
GOLDEN = Path(__file__).parent / "samples" / "track_frame_1.bin"
NODE = shutil.which("node")
NOW_MS = 1_800_000_000_000
READ = f"""
import {{readFileSync}} from 'node:fs';
import {{BadFrame, readFrame}} from {json.dumps(FRAMES.as_uri())};
const out = JSON.parse(readFileSync(0, 'utf8')).map((text) => {{
  const bytes = Buffer.from(text, 'base64');
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  try {{
    const {{t_ms, tracks, people}} = readFrame(copy);
    return {{t_ms, tracks: [...tracks.values()], people}};
  }} catch (error) {{
    if (!(error instanceof BadFrame)) throw error;
    return {{bad: error.message}};
  }}
}});
process.stdout.write(JSON.stringify(out));
"""


def published(chance: random.Random, n: int) -> NDArray[np.void]:
    """Rows as the tracker may publish them, unknown values among them."""
    rows = np.zeros(n, dtype=PUBLISHED_DTYPE)
    for row in rows:
        for name in PUBLISHED_DTYPE.names or ():
            if PUBLISHED_DTYPE[name].kind == "f":
                row[name] = chance.choice([math.nan, chance.uniform(-80, 80)])
        row["track_id"] = f"{chance.getrandbits(64):016x}"[: chance.randint(1, 16)].encode()
        row["number"] = chance.randint(0, 2**32 - 1)
        row["status"], row["mark"], row["fix"] = (chance.randint(0, 4) for _ in range(3))
        row["witnesses"], row["flags"] = chance.randint(0, 255), chance.getrandbits(16)
        row["t_ns"] = (NOW_MS - chance.randint(0, 10**6)) * 1_000_000
        row["t_last_ns"] = row["t_ns"] - chance.randint(0, 10**12)
        row["serial"] = chance.choice([b"", b"1581F45T7", b"N911TX"])
        if math.isnan(row["lat_deg"]) or math.isnan(row["lon_deg"]):
            row["lat_deg"] = row["lon_deg"] = math.nan
    return rows


def picture(seed: int, n: int) -> tuple[bytes, PictureOut]:
    """The frame of published rows, and the same picture as objects."""
    chance = random.Random(seed)
    rows = published(chance, n)
    names = [i.decode() for i in rows["track_id"].tolist()]
    near = [name for name in names if chance.random() < 0.5]
    arrivals = {
        name: Arrival(
            name, chance.choice(["post/p1", "person/María"]), 0.25,
            (NOW_MS + chance.randint(-5_000, 900_000)) * 1_000_000,
            chance.choice([None, (NOW_MS + 60_000) * 1_000_000]), 900.5, 231.0,
        )
        for name in near
    }  # fmt: skip
    said = {name: Identity.HOSTILE for name in names[::3]}
    people = (
        SpotOut("p1", 31.79, -106.75, None, NOW_MS - 4_000),
        SpotOut("ñ", -31.0, 179.9, 8.0, NOW_MS),
    )
    tracks = tuple(tracks_json(rows.tobytes(), arrivals, said))
    frame = frame_of_rows(rows.tobytes(), arrivals, said, people, NOW_MS)
    return frame, PictureOut(NOW_MS, tracks, people)


def read(frames: list[bytes]) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [NODE or "node", "--input-type=module", "-e", READ],
        input=json.dumps([base64.b64encode(f).decode() for f in frames]),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


def same(got: Any, want: Any, where: str = "") -> None:
    """Equal but for the width of a float and a hundredth of a millimetre of a degree."""
    if isinstance(want, float) and not isinstance(got, str):
        assert got == pytest.approx(want, rel=1e-6, abs=6e-8), where
    elif isinstance(want, dict):
        assert got.keys() == want.keys(), where
        for key in want:
            same(got[key], want[key], f"{where}.{key}")
    elif isinstance(want, list):
        assert len(got) == len(want), where
        for n, (a, b) in enumerate(zip(got, want, strict=True)):
            same(a, b, f"{where}[{n}]")
    else:
        assert got == want, where


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40))
def test_the_frame_of_rows_is_the_frame_of_the_same_tracks_as_objects(seed: int, n: int) -> None:
    frame, objects = picture(seed, n)
    assert frame == frame_bytes(objects)
    assert len(frame) % 8 == 0 or HEAD.unpack_from(frame)[6] > 0  # only texts end in between


@pytest.mark.skipif(NODE is None, reason="no node here: the page's reader is not tested")
def test_the_page_reads_what_was_said() -> None:
    made = [picture(seed, n) for seed, n in ((1, 0), (2, 1), (3, 2), (4, 7), (5, 200))]
    for got, (_, said) in zip(read([f for f, _ in made]), made, strict=True):
        want = msgspec.json.decode(msgspec.json.encode(said))
        same(got, {k: want[k] for k in ("t_ms", "tracks", "people")})


@pytest.mark.skipif(NODE is None, reason="no node here: the page's reader is not tested")
def test_a_frame_that_is_broken_anywhere_is_refused_with_a_reason_or_read() -> None:
    """read() fails on anything but BadFrame. Cut anywhere it must be refused."""
    whole, _ = picture(6, 9)
    chance = random.Random(7)
    cut = [whole[:n] for n in range(0, len(whole), 7)] + [whole + b"\0"]
    bent = []
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        bent.append(bytes(data))
    noise = [chance.randbytes(chance.randint(0, 400)) for _ in range(200)]
    noise += [MAGIC + chance.randbytes(400) for _ in range(100)]
    got = read([*cut, *bent, *noise])
    assert all("bad" in one for one in got[: len(cut)])
    assert sum("bad" in one for one in got) > len(cut) + 200


@pytest.mark.skipif(NODE is None, reason="no node here: the page's reader is not tested")
def test_the_layout_is_the_one_of_the_sample() -> None:
    """A console that was opened before an upgrade still reads what the new gateway sends."""
    frame, said = picture(8, 5)
    assert frame == GOLDEN.read_bytes()
    assert [t["track_id"] for t in read([frame])[0]["tracks"]] == [t.track_id for t in said.tracks]


def test_more_tracks_than_a_frame_holds_are_left_out() -> None:
    _, said = picture(9, 1)
    frame = frame_bytes(PictureOut(NOW_MS, said.tracks * (TRACKS_MAX + 3), ()))
    assert HEAD.unpack_from(frame)[1] == TRACKS_MAX


def test_a_console_that_asks_gets_columns_and_others_stay_as_they_are(tmp_path: Path) -> None:
    async def go() -> None:
        rows = published(random.Random(1), 3)
        async with world(tmp_path) as w:
            officer, viewer = (
                await w.enrolled(Role.WATCH_OFFICER, "boss"),
                await w.enrolled(Role.VIEWER, "looker"),
            )
            async with (
                officer.page() as plain,
                officer.page(path="/ws?tracks=1") as columns,
                viewer.page(path="/ws?tracks=1") as looker,
            ):
                for page in (plain, columns, looker):
                    await page.hear("hello")
                w.watch.emit(TracksPublished(version=PUBLISHED_VERSION, data=rows.tobytes()))
                spot = PersonSpot("p1", Position(31.79, -106.75, None, 8.0), 7_000_000)
                w.watch.link.send(Picture(t_ns=NOW_MS * 1_000_000, arrivals=(), people=(spot,)))
                said = await plain.hear("picture")
                while not said["tracks"]:
                    said = await plain.hear("picture")
                frame, fewer = await _frame(columns), await _frame(looker)
                decoded = msgspec.convert(said["tracks"], tuple[TrackOut, ...])
                places = msgspec.convert(said["people"], tuple[SpotOut, ...])
                assert frame == frame_bytes(PictureOut(said["t_ms"], decoded, places))
                assert fewer == frame_bytes(PictureOut(said["t_ms"], decoded, ()))

    run(go)


def test_who_does_not_look_gets_no_pictures_and_the_newest_at_once_when_he_does(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            officer = await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with officer.page(path="/ws?tracks=1") as away, officer.page() as looks:
                for page in (away, looks):
                    await page.hear("hello")
                await away.say(t="looks", on=False)
                await away.say(t="ping", n=1)
                await away.hear("pong")
                for n in range(3):
                    rows = published(random.Random(n), 2)
                    w.watch.emit(TracksPublished(version=PUBLISHED_VERSION, data=rows.tobytes()))
                    w.watch.link.send(Picture(t_ns=(NOW_MS + n) * 1_000_000, arrivals=()))
                    while (await looks.hear("picture"))["t_ms"] != NOW_MS + n:
                        pass
                with pytest.raises(TimeoutError):
                    await _frame(away, 0.3)
                await away.say(t="looks", on=True)
                assert HEAD.unpack_from(await _frame(away))[2] == NOW_MS + 2

    run(go)


async def _frame(page: Any, seconds: float = 5.0) -> bytes:
    """The first picture in columns that holds a track."""
    async with asyncio.timeout(seconds):
        while True:
            got = await page.ws.recv()
            if isinstance(got, bytes) and HEAD.unpack_from(got)[1] > 0:
                return got
