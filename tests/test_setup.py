"""Setting up: people's tables, the settings file it writes, who may open the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigia.run.settings import (
    Listen,
    PostEntry,
    SensorEntry,
    Settings,
    SettingsError,
    Site,
    load_settings,
)
from vigia.run.setup.desk import Desk, PlaceIn, PostIn
from vigia.run.setup.draft import only_ours, post_of, write_settings
from vigia.run.setup.people_csv import RowError, read_people
from vigia.terms import Lang, Role

POSTS = [("post-1", "Post 1"), ("ford", "Vado")]


def test_a_table_is_read_in_either_language_and_with_any_delimiter() -> None:
    english = read_people(
        "name,role,post,language\nAna Ruiz,Watch officer,,es\nB,,post 1,\n", POSTS
    )
    spanish = read_people("Nombre;Puesto;Rol\nLuis;VADO;agente\n", POSTS)
    assert [(r.name, r.role, r.lang, r.post_id) for r in english.rows] == [
        ("Ana Ruiz", Role.WATCH_OFFICER, Lang.ES, None),
        ("B", Role.OFFICER, Lang.EN, "post-1"),
    ]
    assert [(r.name, r.post_id) for r in spanish.rows] == [("Luis", "ford")]
    assert english.errors == spanish.errors == ()


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", RowError(line=1, key="empty", got="")),
        ("Ana,agent\n", RowError(line=1, key="head", got="Ana,agent")),
        ("name,role\nAna,agent\n,agent\n", RowError(line=3, key="name", got="", need="80")),
        ("name,post\nAna,Tower\n", RowError(line=2, key="post", got="Tower", need="Post 1, Vado")),
        ("name\nAna\n\nana\n", RowError(line=4, key="twice", got="ana", need="2")),
        ("name,language\nAna,fr\n", RowError(line=2, key="lang", got="fr", need="en, es")),
    ],
)
def test_a_mistake_is_named_by_its_line(text: str, want: RowError) -> None:
    assert want in read_people(text, POSTS).errors


def test_rows_beside_a_mistake_are_taken() -> None:
    table = read_people("name,role\nAna,king\nLuis,agent\n", POSTS)
    assert [r.name for r in table.rows] == ["Luis"]
    assert [(e.line, e.key, e.got) for e in table.errors] == [(2, "role", "king")]


def settings(**changes: object) -> Settings:
    whole = Settings(
        site=Site(name='Río "Alto"', lat_deg=31.79, lon_deg=-106.75),
        listen=Listen(address="0.0.0.0:8470"),
        posts=(PostEntry(id="p", name="Post 1", lat_deg=31.79, lon_deg=-106.75, radius_m=80.0),),
        sensors={"mast": SensorEntry(adapter="remote_id", source="a.pcap", simulated=True)},
    )
    assert not changes
    return whole


def test_the_file_it_writes_is_read_again_the_same(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    write_settings(path, settings())
    assert load_settings(path) == settings()
    assert only_ours(path)


def test_a_file_with_more_than_it_writes_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    write_settings(path, settings())
    path.write_text(path.read_text() + "\n[policy]\ndanger_radius_m = 80.0\n")
    assert not only_ours(path)
    with pytest.raises(SettingsError, match="more than setup writes"):
        Desk(path, tmp_path / "data", "127.0.0.1:1")


def test_posts_of_one_name_get_ids_of_their_own() -> None:
    assert post_of("Puesto Ñandú", 1.0, 2.0, 3.0, set()).id == "puesto-nandu"
    assert post_of("Post 1", 1.0, 2.0, 3.0, {"post-1"}).id == "post-1-2"


def test_what_is_missing_is_said_in_the_order_of_doing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "site.toml", tmp_path / "data", "127.0.0.1:1")
    everything = ["place", "people", "officer", "start", "codes", "drill", "answer"]
    assert desk.state()["missing"] == everything
    with pytest.raises(SettingsError, match="place a post first"):
        desk.start()
    post = PostIn(name="Post 1", lat_deg=31.79, lon_deg=-106.75)
    desk.place(PlaceIn(agency="Río Alto", posts=(post,)))
    desk.people("name,role,post\nAna,agent,Post 1\nLuis,watch officer,\n")
    assert desk.state()["missing"] == ["start", "codes", "drill", "answer"]
    again = Desk(tmp_path / "site.toml", tmp_path / "data", "127.0.0.1:1")  # another evening
    assert again.state()["agency"] == "Río Alto"
    assert [p["name"] for p in again.state()["people"]] == ["Ana", "Luis"]
    assert not again.state()["ready"]


def test_a_bad_place_is_the_operators_mistake_in_words(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "site.toml", tmp_path / "data", "127.0.0.1:1")
    with pytest.raises(SettingsError):
        desk.place(PlaceIn(agency="A", posts=(PostIn(name="x", lat_deg=131.0, lon_deg=0.0),)))
    assert not (tmp_path / "site.toml").exists()
