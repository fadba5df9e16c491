"""A whole vigia and TAK clients made by others, on real connections."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytak
import pytest
from tools.live import Live, Person, free_port, live

from tak_world import PytakClient, pytak_client
from vigia.geo import Site
from vigia.run.invitations import invite
from vigia.run.simulate.capture import Flight, frames, header
from vigia.terms import Role
from vigia.wire.cot import CotEvent, Dest, element, render

LAT, LON = 31.79, -106.75
SITE = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=0.0)
S = 1_000_000_000
pytestmark = [  # pytak's
    pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def site(tmp_path: Path) -> tuple[Path, Path, int]:
    """Settings, a capture of a drone that comes from the north, and the TAK port."""
    capture = tmp_path / "approach.pcap"
    flight = Flight("VIGIATEST1", 0.0, 600.0, 0.0, -15.0)
    start = 1_767_225_600 * S
    records = b"".join(r for _, r in frames(SITE, [flight], start_ns=start, seconds=40, hz=2))
    capture.write_bytes(header() + records)
    port, tls_port = free_port(), free_port()
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
        listen_tls = "127.0.0.1:{tls_port}"
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


async def chats(client: PytakClient, within_s: float = 30.0) -> CotEvent:
    return await client.wait(lambda e: e.type == "b-t-f" and bool(e.dests), within_s)


def answer_to(chat: CotEvent, kind: str, uid: str) -> bytes:
    """As ATAK writes a receipt."""
    said = chat.detail("__chat")
    now = time.time_ns()
    event = CotEvent(
        uid=said["messageId"], type=kind, how="h-g-i-g-o", t_ns=now, t_start_ns=now,
        t_stale_ns=now + 60 * S, dests=(Dest(callsign="vigia"),),
    )  # fmt: skip
    more = element("__chatreceipt", {**said, "senderCallsign": "Ana", "id": uid})
    return render(event, more + element("link", {"uid": uid, "type": "a-f-G-U-C"}))


def test_a_package_is_all_a_client_needs_and_its_owner_alone_gets_his_alert(
    site: tuple[Path, Path, int], tmp_path: Path
) -> None:
    """pytak reads the package, connects by TLS with its certificate, and is warned by name; the
    receipts count as his answer; a revoked device is thrown out and stays out."""
    settings, capture, _ = site
    words = ["watch", str(capture), "--settings", str(settings), "--data", str(tmp_path / "data")]
    folder = tmp_path / "data-exercise"

    def package(name: str) -> dict[str, str]:
        out = tmp_path / f"{name}.zip"
        made = subprocess.run(
            [sys.executable, "-m", "vigia", "tak", "package", "--name", name, "--positions",
             "--data", str(folder), "--out", str(out)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        assert out.stat().st_mode & 0o077 == 0
        return {k: str(v) for k, v in pytak.read_pref_package(str(out)).items()}

    async def act(running: Live) -> None:
        officer = enrolled(running, "Watch floor", Role.ADMIN, "console")
        console = officer.socket()
        console.wait("hello")
        ana, ben = package("Ana"), package("Ben")
        with pytest.raises((ssl.SSLError, OSError)):
            await nobody(ana["COT_URL"])
        async with (
            pytak_client(url := ana.pop("COT_URL"), **ana) as hers,
            pytak_client(ben.pop("COT_URL"), **ben) as his,
        ):
            await hers.send(pli("ANDROID-A", "Ana", LAT, LON))
            await his.send(pli("ANDROID-B", "Ben", LAT + 0.2, LON))
            chat = await chats(hers)
            assert chat.remarks is not None
            assert chat.remarks.startswith("EXERCISE")
            assert chat.dests == (Dest(callsign="Ana"),)
            alert_id, _, _ = chat.detail("__chat")["messageId"].partition(".")
            for kind, want in (("b-t-f-d", "delivered"), ("b-t-f-r", "seen")):
                await hers.send(answer_to(chat, kind, "ANDROID-A"))
                await asyncio.to_thread(
                    console.wait,
                    "reached",
                    lambda m, want=want: m["alert_id"] == alert_id and m["kind"] == want,
                    20,
                )
            with pytest.raises(AssertionError):
                await chats(his, 1.0)
            assert not any(alert_id in e.uid for e in his.seen), "his neighbour's alert is not his"
            devices = (await asyncio.to_thread(officer.http.get, "/api/v1/devices")).json()
            device_id = next(
                d["device_id"] for d in devices["devices"] if d["person"]["name"] == "Ana"
            )
            path = f"/api/v1/devices/{device_id}/revoke"
            told = await asyncio.to_thread(officer.http.post, path, json={"reason": "lost"})
            assert told.status_code == 200, told.text
            with pytest.raises(AssertionError, match="no event"):
                async with pytak_client(url, **ana) as again:
                    await again.wait(lambda e: e.type == "t-x-takp-v", 2.0)

    with live(words, folder) as running:
        asyncio.run(act(running))


async def nobody(url: str) -> None:
    """A client without a certificate."""
    host, port = url.rpartition("/")[2].split(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, _ = await asyncio.open_connection(host, int(port), ssl=context)
    if not await reader.read(1):
        raise OSError("closed")
