"""Static files, tiles, declination, the watch's clock, the metrics: what needs no watch."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from gateway_world import run, world
from vigia.run.asgi import HttpError
from vigia.run.declination import declination_deg
from vigia.run.metrics import Histogram
from vigia.run.page_socket import text_frame
from vigia.run.tiles import Tiles, TilesError
from vigia.run.watch_clock import WatchClock
from vigia.run.web_files import WEB, Files, content_security_policy

YEAR_2026_NS = 1_780_000_000_000_000_000


def test_pages_and_files_are_served_with_their_kind_and_an_etag(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            get = w.phone().http.get
            for path, kind in (
                ("/", "text/html"),
                ("/console", "text/html"),
                ("/enrol", "text/html"),
                ("/static/core/socket.mjs", "text/javascript"),
                ("/static/i18n/es.json", "application/json"),
                ("/manifest.webmanifest", "application/manifest+json"),
            ):
                answer = await get(path)
                assert answer.status_code == 200, path
                assert answer.headers["content-type"].startswith(kind)
                again = await get(path, headers={"If-None-Match": answer.headers["etag"]})
                assert (again.status_code, again.content) == (304, b"")
            worker = await get("/static/sw.js")
            assert worker.headers["service-worker-allowed"] == "/"
            plain = await get("/static/core/socket.mjs", headers={"Accept-Encoding": "identity"})
            packed = await get("/static/core/socket.mjs", headers={"Accept-Encoding": "gzip"})
            assert packed.headers["content-encoding"] == "gzip"
            assert packed.content == plain.content
            assert (await get("/ca.crt")).status_code == 404

    run(go)


@pytest.mark.parametrize(
    "name",
    ["../basemap/SOURCES.md", "/etc/passwd", "..", "", ".", "core", "core/", "no.mjs", "x\0.mjs",
     "core/../../../web/__init__.py", "..\\basemap", "a" * 5_000 + ".mjs"],
)  # fmt: skip
def test_nothing_outside_the_folder_can_be_named(name: str) -> None:
    with pytest.raises(HttpError) as refused:
        Files().answer(name, {})
    assert refused.value.status == 404


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x")
    root = tmp_path / "static"
    root.mkdir()
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(HttpError):
        Files(root).answer("link.txt", {})


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    files = Files(tmp_path)
    assert files.answer("a.txt", {}).body == b"one"
    path.write_text("other")
    assert files.answer("a.txt", {}).body == b"other"


def test_import_maps_are_allowed_by_their_hash_only(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text('<script type="importmap">{"imports":{}}</script>')
    policy = content_security_policy([page]).decode()
    # printf '{"imports":{}}' | openssl dgst -sha256 -binary | base64
    assert "script-src 'self' 'sha256-URrTy+Il/Nz0lHojVUx275hWqAWhkSF0VsHbUM4/6Hw='; " in policy
    assert "unsafe" not in policy


# ---- tiles -------------------------------------------------------------------------------------


def test_the_basemap_reads_as_its_own_library_reads_it() -> None:
    path = WEB / "basemap" / "base.pmtiles"
    tiles, chance, hits = Tiles(path), random.Random(1), 0
    with path.open("rb") as f:
        other = Reader(MmapSource(f))
        for z in range(tiles.zoom_max + 2):
            for _ in range(4):
                x, y = chance.randrange(1 << z), chance.randrange(1 << z)
                found = tiles.get(z, x, y)
                assert found == other.get(z, x, y), (z, x, y)
                hits += found is not None
    assert hits > 8


def write_archive(path: Path, count: int) -> dict[tuple[int, int, int], bytes]:
    """Enough tiles for leaf directories; some neighbours are equal, so runs appear."""
    z = 7
    with path.open("wb") as f:
        writer = Writer(f)
        wanted: dict[tuple[int, int, int], bytes] = {}
        for n in range(count):
            x, y = n % 128, n // 128
            wanted[z, x, y] = b"tile" + str(n // 3).encode()
        for (tz, x, y), data in sorted(wanted.items(), key=lambda e: zxy_to_tileid(*e[0])):
            writer.write_tile(zxy_to_tileid(tz, x, y), data)
        header = {
            "tile_type": TileType.MVT, "tile_compression": Compression.NONE, "min_zoom": z,
            "max_zoom": z, "min_lon_e7": 0, "min_lat_e7": 0, "max_lon_e7": 1, "max_lat_e7": 1,
            "center_zoom": z, "center_lon_e7": 0, "center_lat_e7": 0,
        }  # fmt: skip
        writer.finalize(header, {})
    return wanted


def test_leaf_directories_and_runs_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "big.pmtiles"
    wanted = write_archive(path, 16_000)
    tiles = Tiles(path)
    for key, data in list(wanted.items())[::37]:
        assert tiles.get(*key) == data
    assert tiles.get(7, 127, 127) is None
    assert tiles.get(7, 128, 0) is None
    assert tiles.get(-1, 0, 0) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_archive_never_raises_anything_else(data: st.DataObject) -> None:
    path = WEB / "basemap" / "base.pmtiles"
    raw = bytearray(path.read_bytes()[:20_000])
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, 2_000))] = data.draw(st.integers(0, 255))
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".pmtiles") as f:
        f.write(raw)
        f.flush()
        try:
            tiles = Tiles(Path(f.name))
        except TilesError:
            return
        for z in range(6):
            tiles.get(z, (1 << z) // 4, (1 << z) // 3)


def test_an_empty_file_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.pmtiles").write_bytes(b"")
    with pytest.raises(TilesError):
        Tiles(tmp_path / "a.pmtiles")


def test_tiles_are_served_packed_and_unpacked(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            get = w.phone().http.get
            packed = await get("/tiles/base/3/1/3", headers={"Accept-Encoding": "gzip"})
            plain = await get("/tiles/base/3/1/3", headers={"Accept-Encoding": "identity"})
            assert packed.headers["content-encoding"] == "gzip"
            assert packed.content == plain.content
            raw = Tiles(WEB / "basemap" / "base.pmtiles").get(3, 1, 3)
            assert raw is not None
            assert gzip.decompress(raw) == plain.content
            assert "immutable" in packed.headers["cache-control"]
            assert (await get("/tiles/base/20/1/1")).status_code == 204
            for path in ("/tiles/none/1/1/1", "/tiles/..%2fbase/1/1/1", "/tiles/base/a/1/1"):
                assert (await get(path)).status_code == 404

    run(go)


# ---- small parts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg", "expected_deg"),
    # What a chart of 2026 shows: east in west Texas, next to nothing in Madrid, west in Iceland
    [(31.75, -106.5, 7.5), (40.5, -3.75, 0.5), (64.25, -21.75, -11.5)],
)
def test_declination_has_the_sign_and_size_of_the_charts(
    lat_deg: float, lon_deg: float, expected_deg: float
) -> None:
    assert declination_deg(lat_deg, lon_deg, YEAR_2026_NS) == pytest.approx(expected_deg, abs=1.0)
    assert -180 <= declination_deg(90, 180, YEAR_2026_NS) <= 180


def test_the_watchs_clock_is_read_from_its_quickest_message() -> None:
    steady = 1_000
    clock = WatchClock(lambda: steady)
    clock.heard(9_000_500)  # half a microsecond on its way less than the next
    steady = 2_000
    clock.heard(9_001_000)
    assert clock.now_ns() == 9_001_500
    for _ in range(10):  # the watch follows a correction of the wall clock: so do we
        steady += 1_000
        clock.heard(steady + 8_000_000)
    assert clock.now_ns() == steady + 8_000_000
    clock.forget()
    assert clock.now_ns() > 1_700_000_000_000_000_000


def test_a_histogram_counts_what_is_at_most_its_bound() -> None:
    histogram = Histogram()
    for seconds in (0.001, 0.01, 0.3, 99.0):
        histogram.add(seconds)
    lines = histogram.lines("x")
    assert 'x_bucket{le="0.01"} 2' in lines
    assert 'x_bucket{le="0.5"} 3' in lines
    assert 'x_bucket{le="+Inf"} 4' in lines
    assert "x_count 4" in lines


@given(st.integers(0, 70_000))
@settings(max_examples=50, deadline=None)
def test_frames_are_what_the_websockets_library_makes(size: int) -> None:
    from websockets.frames import Frame, Opcode

    payload = b"x" * size
    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
