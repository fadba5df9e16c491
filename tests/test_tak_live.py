"""A whole vigia and TAK clients made by others, on real connections."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from tools.live import Live, Person, free_port, live

from tak_world import pytak_client
from vigia.geo import Site
from vigia.run.invitations import invite
from vigia.run.simulate.capture import Flight, frames, header
from vigia.terms import Role
from vigia.wire.cot import CotEvent, element, render

LAT, LON = 31.79, -106.75
SITE = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=0.0)
S = 1_000_000_000


@pytest.fixture
def site(tmp_path: Path) -> tuple[Path, Path, int]:
    """Settings, a capture of a drone that comes from the north, and the TAK port."""
    capture = tmp_path / "approach.pcap"
    flight = Flight("VIGIATEST1", 0.0, 600.0, 0.0, -15.0)
    start = 1_767_225_600 * S
    records = b"".join(r for _, r in frames(SITE, [flight], start_ns=start, seconds=40, hz=2))
    capture.write_bytes(header() + records)
    port = free_port()
    settings = tmp_path / "site.toml"
    settings.write_text(
        f"""
        mode = "exercise"
        [site]
        lat_deg = {LAT}
        lon_deg = {LON}
        [[posts]]
        id = "12"
        name = "Post 12"
        lat_deg = {LAT}
        lon_deg = {LON}
        [tak]
        listen = "127.0.0.1:{port}"
        callsigns = {{ "EAGLE 1" = "p-eagle" }}
        """
    )
    return settings, capture, port


def pli(uid: str, callsign: str, lat_deg: float, lon_deg: float) -> bytes:
    now = time.time_ns()
    event = CotEvent(
        uid=uid,
        type="a-f-G-U-C",
        how="m-g",
        t_ns=now,
        t_start_ns=now,
        t_stale_ns=now + 60 * S,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
    )
    return render(event, element("contact", {"callsign": callsign, "endpoint": "*:-1:stcp"}))


def enrolled(running: Live, name: str, role: Role, person_id: str) -> Person:
    person = Person(running)
    person.enrol(invite(running.folder, name=name, role=role, person_id=person_id).token)
    person.open_session()
    return person


def test_a_pytak_client_sees_tracks_and_alerts_and_its_mapped_position_is_known(
    site: tuple[Path, Path, int], tmp_path: Path
) -> None:
    settings, capture, port = site
    words = ["watch", str(capture), "--settings", str(settings), "--data", str(tmp_path / "data")]

    async def act(running: Live) -> None:
        officer = enrolled(running, "Watch floor", Role.WATCH_OFFICER, "console")
        enrolled(running, "Ana Ruiz", Role.AGENT, "p-eagle")
        console = officer.socket()
        console.wait("hello")
        url = f"tcp://127.0.0.1:{port}"
        async with pytak_client(url) as client, pytak_client(url) as other:
            await client.send(pli("ANDROID-1", "EAGLE 1", LAT + 0.001, LON))
            seen = await other.wait(lambda e: e.uid == "ANDROID-1")
            assert seen.callsign == "EAGLE 1", "clients see each other"
            track = await client.wait(lambda e: e.type == "a-u-A-M-H-Q")
            assert track.callsign is not None
            assert "EXERCISE" in track.callsign
            assert (track.how, track.opex) == ("m-s", "e")
            alert = await client.wait(lambda e: e.type in ("b-a-o-pan", "b-a-o-tbl"))
            assert alert.remarks is not None
            area = await client.wait(lambda e: e.type == "u-d-c-c")
            assert area.detail("shape/ellipse")["major"] == "50.0"
            async with pytak_client(url) as late:
                await late.wait(lambda e: e.uid == track.uid), "the present picture"
                await late.wait(lambda e: e.uid == "ANDROID-1")
                await late.wait(lambda e: e.uid == alert.uid)
        picture = await asyncio.to_thread(
            console.wait,
            "picture",
            lambda m: any(p["person_id"] == "p-eagle" for p in m["people"]),
            20,
        )
        assert picture["people"][0]["lat_deg"] == pytest.approx(LAT + 0.001)

    with live(words, tmp_path / "data-exercise") as running:
        asyncio.run(act(running))
