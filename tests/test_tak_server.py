"""The relay between TAK clients: routing, the present picture, slow clients, what is kept."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import time
import zipfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
import takproto
from cryptography.hazmat.primitives.serialization import pkcs12
from lxml import etree

from vigia.events import CoreSettings
from vigia.run.courier.contacts import Contacts
from vigia.run.invitations import Invited
from vigia.run.plan import RunPlan
from vigia.run.settings import Listen, SettingsError, Storage, Tak, parse_settings
from vigia.run.tak_server import peer as peer_module
from vigia.run.tak_server import store as store_module
from vigia.run.tak_server.certificates import proved_by
from vigia.run.tak_server.hub import OLD_NS, Relay
from vigia.run.tak_server.item import Item
from vigia.run.tak_server.package import Layout, issued_for, make_package, used
from vigia.run.tak_server.peer import Peer
from vigia.run.tak_server.proof import heard_lately, prove_reach
from vigia.run.tak_server.store import Store
from vigia.run.tak_server.who import Who
from vigia.terms import Channel, Mark, Position, Role
from vigia.wire.cot import CotEvent, Dest, element, parse, render
from vigia.wire.cot_stream import CotStream, Proto, Xml

S = 1_000_000_000
NOW = time.time_ns()


class Wire:
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        self.data = b""
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.data += data

    def abort(self) -> None:
        self.aborted = True

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def events(self) -> list[CotEvent]:
        out: list[CotEvent] = []
        for piece in CotStream().feed(self.data):
            assert isinstance(piece, Xml)
            event = parse(piece.data)
            assert isinstance(event, CotEvent)
            out.append(event)
        return out

    def uids(self) -> list[str]:
        return [e.uid for e in self.events() if not e.type.startswith("t-x-takp")]


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test

    asyncio.run(bounded())


def client(relay: Relay, who: Who | None = None) -> tuple[Peer, Wire]:
    wire = Wire()
    made = Peer(relay, lambda: NOW, lambda _t: who or Who(address="x"))
    made.connection_made(wire)  # pyright: ignore[reportArgumentType]
    return made, wire


def cot(
    uid: str, kind: str = "a-u-A-M-H-Q", *, stale_s: int = 60, person: str = "", **more: Any
) -> bytes:
    event = CotEvent(
        uid=uid, type=kind, how="m-g", t_ns=NOW, t_start_ns=NOW, t_stale_ns=NOW + stale_s * S,
        lat_deg=1.0, lon_deg=2.0, **more,
    )  # fmt: skip
    who = element("contact", {"callsign": person, "endpoint": "*:-1:stcp"}) if person else ""
    return render(event, who)


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_everybody_but_the_sender_hears_and_addressees_alone_hear_what_is_for_them() -> None:
    async def test() -> None:
        relay = Relay(lambda: NOW)
        (a, wa), (b, wb), (c, wc) = client(relay), client(relay), client(relay)
        for one, name in ((a, "A"), (b, "B"), (c, "C")):
            one.data_received(cot(f"id-{name}", "a-f-G-U-C", person=name))
        a.data_received(cot("mark"))
        a.data_received(cot("chat", "b-t-f", dests=(Dest(callsign="B"),)))
        b.data_received(cot("by-uid", "b-t-f", dests=(Dest(uid="id-C"),)))
        await settle()
        assert wa.uids() == ["id-B", "id-C"]
        assert wb.uids() == ["id-A", "id-C", "mark", "chat"]
        assert wc.uids() == ["id-A", "id-B", "mark", "by-uid"]

    run(test())


def test_a_client_gets_the_present_picture_with_its_first_byte_and_nothing_stale_or_private() -> (
    None
):
    async def test() -> None:
        relay = Relay(lambda: NOW)
        a, _ = client(relay)
        a.data_received(cot("old", stale_s=-1) + cot("new") + cot("new", remarks="newest"))
        a.data_received(cot("talk", "b-t-f") + cot("mine", dests=(Dest(callsign="B"),)))
        _, late = client(relay)
        await settle()
        kinds = [e.type for e in late.events()]
        assert kinds[0] == "t-x-takp-v"
        assert late.uids() == ["new"]
        assert late.events()[-1].remarks == "newest"

    run(test())


def test_nobody_speaks_in_our_name_and_nobody_deletes_what_is_not_his() -> None:
    async def test() -> None:
        relay = Relay(lambda: NOW)
        a, _ = client(relay)
        b, wb = client(relay)
        a.data_received(cot("vigia.track.7", "a-f-A-M-H-Q"))
        await settle()
        assert wb.uids() == []
        assert relay.counts["refused"] == 1
        a.data_received(cot("M"))
        gone = render(
            CotEvent(uid="x", type="t-x-d-d", how="m-g", t_ns=NOW, t_start_ns=NOW, t_stale_ns=NOW),
            element("link", {"uid": "M"}),
        )
        b.data_received(gone)
        assert "M" in relay.picture
        a.data_received(gone)
        assert "M" not in relay.picture

    run(test())


def test_who_leaves_is_shown_as_gone_at_once_and_his_last_point_is_forgotten() -> None:
    async def test() -> None:
        relay = Relay(lambda: NOW)
        a, _ = client(relay)
        _, wb = client(relay)
        a.data_received(cot("A", "a-f-G-U-C", person="Ana"))
        a.connection_lost(None)
        await settle()
        assert "A" not in relay.picture
        last = wb.events()[-1]
        assert (last.type, last.detail("link")["uid"]) == ("t-x-d-d", "A")

    run(test())


def test_a_last_point_is_forgotten_after_ten_minutes_stale_or_not() -> None:
    async def test() -> None:
        now = [NOW]
        relay = Relay(lambda: now[0])
        a, _ = client(relay)
        a.data_received(
            cot("A", "a-f-G-U-C", person="Ana", stale_s=3_600) + cot("M", stale_s=3_600)
        )
        now[0] += OLD_NS + 1
        relay.sweep()
        assert set(relay.picture) == {"M"}

    run(test())


def test_after_the_negotiation_everything_is_protobuf_and_both_kinds_understand_each_other() -> (
    None
):
    async def test() -> None:
        relay = Relay(lambda: NOW)
        a, wa = client(relay)
        b, wb = client(relay)
        asked = element("TakControl", {}, element("TakRequest", {"version": "1"}))
        head = CotEvent(
            uid="r", type="t-x-takp-q", how="m-g", t_ns=NOW, t_start_ns=NOW, t_stale_ns=NOW
        )
        a.data_received(render(head, asked))
        await settle()
        assert wa.events()[-1].detail("TakControl/TakResponse") == {"status": "true"}
        wa.data = b""
        a.data_received(bytes(takproto.xml2proto(cot("P").decode(), takproto.TAKProtoVer.STREAM)))
        b.data_received(cot("X"))
        await settle()
        assert wb.uids() == ["P"]
        assert isinstance(CotStream().feed(wa.data)[0], Proto)
        assert takproto.parse_proto(bytearray(wa.data)).cotEvent.uid == "X"
        b.data_received(render(head, asked.replace('"1"', '"9"')))
        await settle()
        assert wb.events()[-1].detail("TakControl/TakResponse") == {"status": "false"}

    run(test())


def test_a_slow_client_gets_the_newest_of_each_and_delays_nobody() -> None:
    async def test() -> None:
        relay = Relay(lambda: NOW)
        a, _ = client(relay)
        slow, ws = client(relay)
        _, quick = client(relay)
        await settle()
        slow.pause_writing()
        for k in range(500):
            a.data_received(cot(f"T{k % 5}", remarks=str(k)))
        await settle()
        assert len(quick.uids()) == 500
        ws.data = b""
        slow.resume_writing()
        await settle()
        assert [e.remarks for e in ws.events()] == [str(k) for k in range(495, 500)]
        assert slow.dropped == 495

    run(test())


def test_one_that_lets_too_much_wait_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_module, "WAITING_MAX", 10)

    async def test() -> None:
        relay = Relay(lambda: NOW)
        a, _ = client(relay)
        slow, ws = client(relay)
        slow.pause_writing()
        for k in range(12):
            a.data_received(cot(f"T{k}"))
        assert ws.aborted

    run(test())


def test_garbage_is_counted_and_ends_the_connection_only_when_there_is_much_of_it() -> None:
    async def test() -> None:
        relay = Relay(lambda: NOW)
        a, wa = client(relay)
        a.data_received(b"hello <event>" + cot("ok"))
        assert "ok" in relay.picture
        assert not wa.aborted
        for _ in range(peer_module.FAULTS_MAX + 1):
            a.data_received(b"<event>x</event>")
        assert wa.aborted

    run(test())


def test_the_mesh_is_relayed_to_clients_and_our_own_echo_is_not() -> None:
    async def test() -> None:
        relay = Relay(lambda: NOW)
        _, wa = client(relay)
        far = Who(address="mesh", upstream=True)
        relay.heard_from_afar(Item.of(cot("F")), far)
        relay.heard_from_afar(Item.of(cot("vigia.track.1")), far)
        await settle()
        assert wa.uids() == ["F"]

    run(test())


# ---- what is kept ------------------------------------------------------------------------------


def test_what_was_said_is_shown_again_after_a_restart_and_positions_of_people_are_never_on_disk(
    tmp_path: Path,
) -> None:
    def store() -> Store:
        return Store(tmp_path, keep_h=1, keep_mb=1, clock_ns=lambda: NOW)

    first = store()
    assert first.start() == []
    for data in (cot("M", remarks="1"), cot("M", remarks="2"), cot("old", stale_s=-1)):
        first.put(Item.of(data))
    first.put(Item.of(cot("A", "a-f-G-U-C", person="Ana")))
    first.stop(5.0)
    assert first.health.written == 3
    with sqlite3.connect(tmp_path / "tak.sqlite") as db:
        assert db.execute("SELECT count(*) FROM said WHERE uid = 'A'").fetchone() == (0,)
    db.close()
    again = store()
    found = again.start()
    again.stop(5.0)
    assert [(i.event.uid, i.event.remarks) for i in found] == [("M", "2")]


def test_the_oldest_goes_when_there_is_too_much_or_it_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "TRIM_S", 0.0)
    now = [NOW]
    store = Store(tmp_path, keep_h=1, keep_mb=1, clock_ns=lambda: now[0])
    store.start()
    for k in range(3_000):
        store.put(Item.of(cot(f"M{k}", remarks="x" * 400)))
    end = time.monotonic() + 10
    while store.health.written < 3_000 and time.monotonic() < end:
        time.sleep(0.02)
    now[0] += 3_700 * S
    store.put(Item.of(cot("late")))
    time.sleep(0.3)
    store.stop(5.0)
    with sqlite3.connect(tmp_path / "tak.sqlite") as db:
        assert [r[0] for r in db.execute("SELECT uid FROM said")] == ["late"]
    db.close()


def test_proof_of_reach_is_written_for_proved_people_only(tmp_path: Path) -> None:
    async def test() -> None:
        relay = Relay(lambda: NOW)
        client(relay, Who(address="a", person_id="ana", device_id="d"))
        client(relay)
        task = asyncio.create_task(
            prove_reach(tmp_path, lambda: heard_lately(relay, NOW + S), every_s=0.01)
        )
        contacts = Contacts(tmp_path)
        for _ in range(500):
            if contacts.proofs():
                break
            await asyncio.sleep(0.02)
        task.cancel()
        assert contacts.proofs() == {("ana", Channel.COT): NOW}
        contacts.close()

    run(test())


# ---- packages and settings ---------------------------------------------------------------------


def plan(**tak: str) -> RunPlan:
    core = CoreSettings(mode=Mark.EXERCISE, origin=Position(31.79, -106.75))
    return RunPlan(
        site_name="Sector <4>", core=core, listen=Listen(), storage=Storage(), tak=Tak(**tak)
    )


@pytest.mark.parametrize("layout", Layout)
def test_a_package_holds_what_its_manifest_says_and_passwords_of_its_own(
    tmp_path: Path, layout: Layout
) -> None:
    invited = Invited(person_id="p1", name="Ana <R>", agency_id="site", role=Role.OFFICER)
    made = [
        make_package(
            tmp_path, plan(listen_tls="127.0.0.1:8089"), invited, positions=True, layout=layout
        )
        for _ in range(2)
    ]
    passwords: set[str] = set()
    for one in made:
        with zipfile.ZipFile(io.BytesIO(one.data)) as zipped:
            manifest = etree.fromstring(zipped.read("MANIFEST/manifest.xml"))
            entries = [str(c.get("zipEntry")) for c in manifest.iter("Content")]
            assert sorted([*entries, "MANIFEST/manifest.xml"]) == sorted(zipped.namelist())
            pref = next(e for e in entries if e.endswith(".pref"))
            said = {e.get("key"): e.text for e in etree.fromstring(zipped.read(pref)).iter("entry")}
            client_p12 = zipped.read(next(e for e in entries if e.endswith("client.p12")))
        assert said["connectString0"] == "127.0.0.1:8089:ssl"
        assert said["locationCallsign"] == "Ana <R>"
        passwords.add(str(said["clientPassword"]))
        key, certificate, _ = pkcs12.load_key_and_certificates(
            client_p12, str(said["clientPassword"]).encode()
        )
        assert key is not None
        assert certificate is not None
        from cryptography.hazmat.primitives.serialization import Encoding

        proved = proved_by(certificate.public_bytes(Encoding.DER))
        assert proved is not None
        assert (proved.device_id, proved.positions) == (one.device_id, True)
        issued = issued_for(tmp_path, one.device_id)
        assert issued is not None
        assert issued.invited == invited
        used(tmp_path, one.device_id)
        assert issued_for(tmp_path, one.device_id) is None, "used once; then the roster decides"
    assert len(passwords) == 2
    assert "atakatak" not in passwords


def test_without_a_door_for_clients_no_package_is_made(tmp_path: Path) -> None:
    invited = Invited(person_id="p1", name="Ana", agency_id="site", role=Role.OFFICER)
    with pytest.raises(SettingsError, match="listen_tls"):
        make_package(tmp_path, plan(), invited, positions=False, layout=Layout.ATAK)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('listen = "0.0.0.0:8087"', "this machine only"),
        ('listen = "127.0.0.1"', "HOST:PORT"),
        ('listen_tls = "here"', "HOST:PORT"),
        ('mesh = "192.0.2.1:6969"', "multicast"),
        ("keep_h = 0", "1 or more"),
    ],
)
def test_a_setting_that_cannot_work_is_said_at_once(line: str, why: str) -> None:
    text = f"[site]\nlat_deg = 1.0\nlon_deg = 2.0\n[tak]\n{line}\n"
    with pytest.raises(SettingsError, match=why):
        parse_settings(text.encode(), name="x")
