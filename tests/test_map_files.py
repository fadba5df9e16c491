"""Maps that the operator adds: checked, kept, told, and served to who is signed in."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from pmtiles.tile import TileType
from typer.testing import CliRunner

from gateway_world import run, world
from map_samples import BOX, SITE, archive, roads_file, terrain_file, xy
from vigia.cli import app
from vigia.run.map_files import MapFile, Shelf, inspect, listed
from vigia.run.settings import SettingsError
from vigia.terms import Role

ZOOMS = range(9, 11)


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return roads_file(tmp_path_factory.mktemp("maps") / "Roads of May.pmtiles", ZOOMS)


def test_what_a_map_covers_is_told(roads: Path) -> None:
    told = inspect(roads)
    assert (told.kind, told.layers, told.zoom_min, told.zoom_max) == ("vector", ("roads",), 9, 10)
    assert (told.west_deg, told.south_deg, told.east_deg, told.north_deg) == BOX
    assert told.attribution == "invented roads"  # no markup of a stranger reaches the page


def test_add_list_remove_as_an_operator_does(roads: Path, tmp_path: Path) -> None:
    cli = CliRunner()
    done = cli.invoke(app, ["map", "add", str(roads), "--data", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "roads-of-may: Roads of the site" in done.output
    assert "zoom 9 to 10, 31.600 -107.000 to 32.000 -106.500" in done.output
    [kept] = listed(tmp_path)
    assert Shelf(tmp_path).tiles("roads-of-may") is not None
    linked = ["map", "add", str(roads), "--data", str(tmp_path), "--name", "b", "--link"]
    assert cli.invoke(app, linked).exit_code == 0
    assert (tmp_path / "maps" / "b.pmtiles").is_symlink()
    assert "b:" in cli.invoke(app, ["map", "list", "--data", str(tmp_path)]).output
    assert cli.invoke(app, ["map", "remove", "b", "--data", str(tmp_path)]).exit_code == 0
    assert listed(tmp_path) == [kept]
    assert roads.exists()
    gone = cli.invoke(app, ["map", "remove", "b", "--data", str(tmp_path)])
    assert gone.exit_code == 2
    assert "need one of roads-of-may" in gone.output


def _cut(path: Path, data: bytes) -> str:
    path.write_bytes(data[: len(data) // 2])
    return "cut off"


def _other(path: Path, _: bytes) -> str:
    path.write_bytes(b"SQLite format 3\0" + bytes(500))
    return "not a PMTiles v3 archive"


def _empty(path: Path, _: bytes) -> str:
    path.write_bytes(b"")
    return "empty"


def _turned(path: Path, data: bytes) -> str:
    path.write_bytes(data[:102] + data[110:114] + data[106:110] + data[102:106] + data[114:])
    return "west < east"


def _strange(path: Path, data: bytes) -> str:
    path.write_bytes(data[:99] + b"\x09" + data[100:])
    return "type 9"


def _no_directory(path: Path, data: bytes) -> str:
    path.write_bytes(data[:127] + bytes(200) + data[327:])
    return "directory"


@pytest.mark.parametrize("spoil", [_cut, _other, _empty, _turned, _strange, _no_directory])
def test_a_bad_file_is_refused_with_what_is_wrong(
    spoil: object, roads: Path, tmp_path: Path
) -> None:
    assert callable(spoil)
    path = tmp_path / "bad.pmtiles"
    wrong = spoil(path, roads.read_bytes())
    with pytest.raises(SettingsError, match=wrong):
        inspect(path)
    done = CliRunner().invoke(app, ["map", "add", str(path), "--data", str(tmp_path)])
    assert done.exit_code == 2
    assert str(path) in done.output
    assert listed(tmp_path) == []


def test_heights_are_images_of_a_known_encoding(roads: Path, tmp_path: Path) -> None:
    hills = terrain_file(tmp_path / "hills.pmtiles", range(9, 10))
    assert inspect(hills, terrain="terrarium").kind == "terrain"
    assert inspect(hills).kind == "image"
    with pytest.raises(SettingsError, match="need one of terrarium, mapbox"):
        inspect(hills, terrain="feet")
    with pytest.raises(SettingsError, match="heights in PNG or WebP"):
        inspect(roads, terrain="mapbox")
    fake = archive(tmp_path / "x.pmtiles", lambda *_: b"not a png", TileType.PNG, ZOOMS, {})
    with pytest.raises(SettingsError, match="no png"):
        inspect(fake)


def test_a_map_is_for_who_is_signed_in(roads: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            officer, stranger = await w.enrolled(Role.WATCH_OFFICER, "boss"), w.phone()
            data = str(w.gateway.folder)
            added = CliRunner().invoke(app, ["map", "add", str(roads), "--data", data])
            assert added.exit_code == 0, added.output
            answer = await officer.http.get("/api/v1/maps")
            [told] = msgspec.json.decode(answer.content, type=dict[str, list[MapFile]])["maps"]
            assert told.name == "roads-of-may"
            x, y = xy(SITE[1], SITE[0], 10)
            tile = f"/maps/{told.name}/10/{int(x)}/{int(y)}"
            got = await officer.http.get(f"{tile}?v={told.version}")
            assert got.status_code == 200
            assert b"roads" in got.content  # httpx has unpacked it
            assert got.headers["cache-control"].startswith("private")
            plain = await officer.http.get(tile, headers={"accept-encoding": "identity"})
            assert plain.content == got.content
            assert (await officer.http.get("/maps/roads-of-may/10/0/0")).status_code == 204
            for bad in ("/maps/nope/1/0/0", "/maps/roads-of-may/1/a/0", "/maps/..%2Fkeys/1/0/0"):
                assert (await officer.http.get(bad)).status_code == 404, bad
            assert (await stranger.http.get("/api/v1/maps")).status_code == 401
            assert (await stranger.http.get(tile)).status_code == 401

    run(go)
