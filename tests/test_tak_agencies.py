"""Agencies on one server stay apart on TAK as they do on the pages: least by default."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from test_tak_server import client, cot, run, settle
from vigia.events import CoreSettings, PersonAdded, Policy, Post
from vigia.run.catalogue import load_words
from vigia.run.settings_access import Access, AgencyEntry, Share
from vigia.run.tak_server.apart import Apart
from vigia.run.tak_server.hub import Relay
from vigia.run.tak_server.item import Item
from vigia.run.tak_server.speak import Speaker
from vigia.run.tak_server.who import Who
from vigia.terms import Lang, Mark, Position, Role
from vigia.tracktable import PUBLISHED_DTYPE

NOW = time.time_ns()
AGENCIES = {"alpha": AgencyEntry(name="Alpha"), "bravo": AgencyEntry(name="Bravo")}


def person(person_id: str, agency_id: str) -> PersonAdded:
    return PersonAdded(
        person_id=person_id, name=person_id, role=Role.OFFICER, lang=Lang.EN, agency_id=agency_id
    )


def who(person_id: str | None, **more: Any) -> Who:
    return Who(address="tls", person_id=person_id, device_id=person_id, **more)


def relay(**sharing: Any) -> Relay:
    people = {p.person_id: p for p in (person("ana", "alpha"), person("bo", "bravo"))}
    access = Access(agencies=AGENCIES, sharing=sharing)
    return Relay(lambda: NOW, Apart(access, people))


def test_what_one_agencys_client_says_reaches_its_own_people_and_the_machines_tools() -> None:
    async def go() -> None:
        hub = relay()
        (ana, _), (_, ana2), (_, bo), (_, tool) = (
            client(hub, who("ana")),
            client(hub, who("ana")),
            client(hub, who("bo")),
            client(hub, who(None)),
        )
        ana.data_received(cot("M-1", "b-m-p-s-m"))
        await settle()
        assert "M-1" in {e.uid for e in ana2.events()}
        assert "M-1" in {e.uid for e in tool.events()}
        assert "M-1" not in {e.uid for e in bo.events()}
        _, late = client(hub, who("bo"))  # nor does the present picture tell him
        await settle()
        assert "M-1" not in {e.uid for e in late.events()}

    run(go())


def test_sightings_are_shared_by_name_and_positions_are_another_thing() -> None:
    async def go() -> None:
        hub = relay(bravo={"alpha": (Share.SIGHTINGS,)})
        (ana, _), (_, bo) = client(hub, who("ana")), client(hub, who("bo"))
        ana.data_received(cot("M-2", "b-m-p-s-m"))
        ana.data_received(cot("ANDROID-ANA", "a-f-G-U-C", person="ANA"))
        await settle()
        assert {e.uid for e in bo.events()} & {"M-2", "ANDROID-ANA"} == {"M-2"}

    run(go())


def test_the_mesh_and_other_servers_reach_no_tenant() -> None:
    async def go() -> None:
        hub = relay()
        (_, bo), (_, tool) = client(hub, who("bo")), client(hub, who(None))
        mark = Item.of(cot("MESH-1", "b-m-p-s-m"))
        hub.heard_from_afar(mark, Who(address="mesh", upstream=True))
        await settle()
        assert "MESH-1" not in {e.uid for e in bo.events()}
        assert "MESH-1" in {e.uid for e in tool.events()}

    run(go())


def picture(*places: tuple[str, float, float]) -> np.ndarray:
    rows = np.zeros(len(places), dtype=PUBLISHED_DTYPE)
    for row, (name, lat, lon) in zip(rows, places, strict=True):
        row["track_id"], row["lat_deg"], row["lon_deg"] = name.encode(), lat, lon
        row["fix"], row["status"], row["mark"] = 1, 2, 0
        row["t_ns"] = row["t_last_ns"] = NOW
        for key in ("alt_hae_m", "height_m", "speed_mps", "course_deg_true", "climb_mps"):
            row[key] = np.nan
        row["sigma_m"], row["p_exist"], row["p_drone"] = 20.0, 0.9, 0.9
    return rows


def test_a_drone_and_an_alert_are_shown_to_those_whose_post_it_is_near() -> None:
    async def go() -> None:
        hub = relay(bravo={"alpha": (Share.ALERTS,)})
        (_, ana), (_, bo) = client(hub, who("ana")), client(hub, who("bo"))
        speaker = Speaker(hub, {lang: load_words(lang) for lang in Lang}, lambda: NOW)
        posts = (
            Post(post_id="1", name="P1", position=Position(31.79, -106.75), agency_id="alpha"),
            Post(post_id="2", name="P2", position=Position(32.50, -106.75), agency_id="bravo"),
        )
        speaker.take_settings(
            CoreSettings(
                mode=Mark.ACTUAL, origin=Position(31.79, -106.75, 0.0), posts=posts, policy=Policy()
            )
        )
        near_a, near_b, far = ("t-a", 31.791, -106.75), ("t-b", 32.501, -106.75), ("t-c", 33.5, 0.0)
        speaker.take_tracks(picture(near_a, near_b, far))
        await settle()
        tracks = {
            name: {e.uid.rsplit(".", 1)[1] for e in wire.events() if "vigia.track" in e.uid}
            for name, wire in (("ana", ana), ("bo", bo))
        }
        assert tracks == {"ana": {"t-a", "t-c"}, "bo": {"t-b", "t-c"}}

    run(go())


def test_without_agencies_everybody_is_one_team() -> None:
    async def go() -> None:
        hub = Relay(lambda: NOW)
        (ana, _), (_, bo) = client(hub, who("ana")), client(hub, who("bo"))
        ana.data_received(cot("M-3", "b-m-p-s-m"))
        await settle()
        assert "M-3" in {e.uid for e in bo.events()}

    run(go())
