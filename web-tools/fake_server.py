"""A scripted raid (fake_world.py) -> both pages in a browser, without watch or gateway.

    python web-tools/fake_server.py [--port 8800] [--scene raid|calm|danger]
        [--mode demo|exercise|actual]

Speaks docs/web-protocol.md on one loopback port. For development and browser tests only.
Open /fake/login?role=watch_officer&next=/console or ?role=agent&next=/ to skip enrolment, or
enrol for real with /enrol#console-1 (watch officer) or /enrol#agent-001 (Agent 4471).
/fake/scene?scene=danger&at=60&mode=exercise&beats=off&link=off&slow_commit=1 changes the script
while it runs (every part of the query is optional).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import segno
from fake_world import DANGER_RADIUS_M, ORIGIN, Json, World
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from vigia.run.asgi import HttpError
from vigia.run.map_files import Shelf
from vigia.run.page_json import PictureOut
from vigia.run.tiles import Tiles
from vigia.run.track_frame import frame_bytes
from vigia.run.web_files import Files

WEB = Path(__file__).resolve().parent.parent / "src" / "vigia" / "web"
BASEMAP = WEB / "basemap" / "base.pmtiles"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; img-src 'self' data: blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
PEOPLE = {
    "watch_officer": {
        "person_id": "wo-1",
        "name": "M. Ortega",
        "role": "watch_officer",
        "lang": "en",
    },
    "agent": {"person_id": "a4471", "name": "Agent 4471", "role": "agent", "lang": "en"},
}
PAGES = {"/": "phone/index.html", "/console": "console/index.html", "/enrol": "enrol/index.html"}

Answer = tuple[int, dict[str, str], bytes]


def in_columns(picture: Json) -> bytes:
    """As the gateway encodes it."""
    return frame_bytes(msgspec.convert({"mark": "demo", **picture}, PictureOut))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Socket:
    """One page's WebSocket, as bytes in and out of the websockets package's protocol."""

    def __init__(self, writer: asyncio.StreamWriter, head: bytes, role: str) -> None:
        self.protocol = ServerProtocol()
        self.writer, self.role = writer, role
        self.protocol.receive_data(head)
        request: Any = self.protocol.events_received()[0]
        self.columns, self.looks = "tracks=1" in request.path, True
        self.protocol.send_response(self.protocol.accept(request))
        self.flush()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data and not self.writer.is_closing():
                self.writer.write(data)

    def send(self, message: Json) -> None:
        if self.protocol.state is State.OPEN and not self.writer.is_closing():
            if message["t"] == "picture" and not self.looks:
                return
            if self.columns and message["t"] == "picture":
                self.protocol.send_binary(in_columns(message))
            else:
                self.protocol.send_text(json.dumps(message).encode())
            self.flush()

    def send_bytes(self, data: bytes) -> None:
        if self.looks and self.protocol.state is State.OPEN and not self.writer.is_closing():
            self.protocol.send_binary(data)
            self.flush()


class FakeGateway:
    def __init__(self, scene: str, mode: str) -> None:
        self.world = World(started_ms=now_ms(), scene=scene, mode=mode)
        self.sockets: set[Socket] = set()
        self.beats = self.link = True
        self.slow_commit = False
        self.roles: dict[str, str] = {}  # device_id -> role
        self.sent: dict[str, str] = {}  # alert_id -> last content sent
        self.sent_sightings: set[str] = set()
        self.still_open: list[str] = []  # what an all clear is asked back for
        self.cover: list[Json] = []
        self.cap_messages: list[Json] = []  # of other agencies, the newest first
        self.flights: list[Json] = []
        self.bulletins: list[Json] = []
        self.first_aid: Json = {"kits": [], "medics": [], "all_kits": [], "approved": []}
        self.ground_call = ""
        self.shelf = Shelf(Path("/nonexistent"))  # maps that an operator added
        self.push_key = ""  # none: this site sends no notifications
        self.log: list[Json] = []

    # ---- server to page ------------------------------------------------------------------------

    def visible(self, alert: Json, role: str) -> bool:
        return role == "watch_officer" or alert["person_id"] == PEOPLE[role]["person_id"]

    def hello(self, role: str) -> Json:
        world, now = self.world, now_ms()
        return {
            "t": "hello", "server_ms": now, "mode": world.mode, "person": PEOPLE[role],
            "posts": world.posts(), "origin": {"lat_deg": ORIGIN[0], "lon_deg": ORIGIN[1]},
            "danger_radius_m": DANGER_RADIUS_M, "ground_call": self.ground_call,
            "watch": self.beat(),
            "alerts": [a for a in world.alerts(now)
                       if a["msg_type"] != "cancel" and self.visible(a, role)],
            "cover": self.cover,
        }  # fmt: skip

    def beat(self) -> Json:
        state = "ready" if self.beats else "lost"
        return {
            "t": "beat",
            "server_ms": now_ms(),
            "state": state,
            "since_ms": self.world.started_ms,
            "why": "",
        }

    def broadcast(self, message: Json, role: str | None = None) -> None:
        for socket in list(self.sockets):
            if role in (None, socket.role):
                socket.send(message)

    async def play(self) -> None:
        """Once a second, forever."""
        tick = 0
        while True:
            await asyncio.sleep(1 - time.time() % 1)
            tick += 1
            now = now_ms()
            if not self.beats:
                continue
            if tick % 2 == 0:
                self.broadcast(self.beat())
            self.broadcast(self.world.picture(now), "watch_officer")
            for alert in self.world.alerts(now):
                self.send_alert(alert, tick)
            for sighting in self.world.scripted_sightings(now):
                if sighting["report_id"] not in self.sent_sightings:
                    self.sent_sightings.add(sighting["report_id"])
                    self.broadcast(sighting, "watch_officer")
            if tick % 2 == 0:
                self.broadcast(self.world.health(now), "watch_officer")

    def send_alert(self, alert: Json, tick: int) -> None:
        key = json.dumps([alert["revision"], alert["reached"], alert["msg_type"]])
        if self.sent.get(alert["alert_id"]) == key and (tick % 5 or alert["msg_type"] == "cancel"):
            return
        self.sent[alert["alert_id"]] = key
        for socket in list(self.sockets):
            if self.visible(alert, socket.role):
                socket.send({"t": "alert", "alert": alert})

    # ---- page to server ------------------------------------------------------------------------

    def receive(self, socket: Socket, message: Json) -> None:
        self.log.append(message)
        match message.get("t"):
            case "ping":
                socket.send({"t": "pong", "n": message["n"], "server_ms": now_ms()})
            case "holds":
                open_ids = {a["alert_id"] for a in self.world.alerts(now_ms())}
                for alert_id in set(message["alert_ids"]) - open_ids:
                    socket.send({"t": "alert", "alert": self.unknown_cancel(alert_id)})
            case "ack":
                key = (message["alert_id"], message["kind"])
                self.world.reached.setdefault(key, message["t_ms"])
                fields = {k: message[k] for k in ("alert_id", "revision", "kind")}
                socket.send({"t": "acked", **fields})
                self.broadcast(
                    {"t": "reached", "alert_id": key[0], "kind": key[1], "t_ms": message["t_ms"],
                     "person_id": PEOPLE[socket.role]["person_id"]}, "watch_officer",
                )  # fmt: skip
            case "looks":
                socket.looks = message["on"]
            case "position":
                self.world.agent_position = (message["lat_deg"], message["lon_deg"])
            case _:
                pass

    def unknown_cancel(self, alert_id: str) -> Json:
        old = dict(self.world.history.get(alert_id, {"alert_id": alert_id, "revision": 0}))
        return old | {"msg_type": "cancel", "revision": old["revision"] + 1, "action": "all_clear",
                      "end_reason": "unknown_after_restart"}  # fmt: skip

    # ---- HTTP ----------------------------------------------------------------------------------

    async def answer(self, method: str, target: str, cookie: str, body: bytes) -> Answer:
        url = urlsplit(target)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        if url.path.startswith("/fake/"):
            return self.control(url.path, query)
        if url.path.startswith("/api/v1/"):
            return await self.api(method, url.path.removeprefix("/api/v1/"), cookie, body)
        if url.path.startswith("/tiles/"):
            return tile(url.path)
        if url.path.startswith("/maps/"):
            return added_tile(self.shelf, url.path)
        name = PAGES.get(url.path) or url.path.removeprefix("/static/")
        if url.path == "/sw.mjs" or url.path == "/sw.js":
            name = url.path[1:]
        return static(name)

    def control(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/fake/login":
            role = query.get("role", "watch_officer")
            headers = {"Set-Cookie": f"fake={role}; Path=/; HttpOnly; SameSite=Strict",
                       "Location": query.get("next", "/console")}  # fmt: skip
            return 302, headers, b""
        if path == "/fake/log":
            return json_answer(200, self.log)
        self.world.scene = query.get("scene", self.world.scene)
        self.world.mode = query.get("mode", self.world.mode)
        if "scene" in query:
            self.world.cleared_ms, self.world.started_ms = None, now_ms()
            self.world.reached.clear()
            self.sent.clear()
        if "at" in query:  # seconds into the raid
            self.world.started_ms = now_ms() - int(float(query["at"]) * 1000)
        self.beats = query.get("beats", "on" if self.beats else "off") == "on"
        self.link = query.get("link", "on" if self.link else "off") == "on"
        self.slow_commit = query.get("slow_commit", "1" if self.slow_commit else "0") == "1"
        if not self.link:
            for socket in list(self.sockets):
                socket.writer.close()
        return json_answer(200, {"scene": self.world.scene, "mode": self.world.mode})

    async def api(self, method: str, call: str, cookie: str, body: bytes) -> Answer:
        role = cookie
        message: Json = json.loads(body) if body else {}
        match method, call.split("?")[0]:
            case "POST", "enrol":
                token = str(message.get("token", ""))
                role = "watch_officer" if token.startswith("console") else "agent"
                device_id = f"dev-{role}-{len(self.roles)}"
                self.roles[device_id] = role
                return json_answer(200, {"device_id": device_id, "person": PEOPLE[role]})
            case "POST", "session/challenge":
                return json_answer(200, {"challenge": "ZmFrZS1jaGFsbGVuZ2U"})
            case "POST", "session":
                role = self.roles.get(message["device_id"], "")
                if not role:
                    return refused(401, "device_id", message["device_id"])
                answer = json_answer(
                    200, {"person": PEOPLE[role], "expires_ms": now_ms() + 43_200_000}
                )
                answer[1]["Set-Cookie"] = f"fake={role}; Path=/; HttpOnly; SameSite=Strict"
                return answer
            case _ if role not in PEOPLE:
                return refused(401, "session", None)
            case "GET", "me":
                me = {"person": PEOPLE[role], "device_id": f"dev-{role}"}
                return json_answer(200, me | {"mode": self.world.mode, "server_ms": now_ms()})
            case "GET", "maps":
                return json_answer(200, {"maps": msgspec.to_builtins(self.shelf.listed())})
            case "POST", "sightings":
                return await self.sighting(message, role)
            case "POST", "all-clear":
                self.log.append({"t": "POST all-clear", **message})
                still = [o for o in self.still_open if o not in message.get("accepts", [])]
                if still:
                    asked = {"open": self.still_open, "track_numbers": []}
                    answer = {"received": True, "seq": 7, "clear_id": "c1", "asked": asked}
                    return json_answer(200, answer)
                self.world.cleared_ms, self.world.cleared_by = now_ms(), PEOPLE[role]["name"]
                return json_answer(200, {"received": True, "seq": 7})
            case "POST", "invitations":
                self.log.append({"t": "POST invitations", **message})
                link = "http://127.0.0.1/enrol#agent-001"
                svg = segno.make(link).svg_inline(scale=4, border=4, light="white")
                made = {"link": link, "qr_svg": svg, "expires_ms": now_ms() + 900_000}
                return json_answer(200, made)
            case "GET", "alerts":
                rows = [history_row(a) for a in self.world.history.values()]
                return json_answer(200, {"alerts": rows})
            case "GET", "sightings":
                rows = self.world.scripted_sightings(now_ms()) + self.world.sightings
                return json_answer(200, {"sightings": rows})
            case "POST", "flights":
                self.log.append({"t": "POST flights", **message})
                self.flights = [{"flight_id": "f1", "by": "Dana", **message}]
                return json_answer(200, {"received": True, "seq": 7, "flight_id": "f1"})
            case "GET", "flights":
                return json_answer(200, {"flights": self.flights})
            case "GET", "cap":
                return json_answer(200, {"messages": self.cap_messages})
            case "GET", "bulletins":
                return json_answer(200, {"bulletins": self.bulletins})
            case "GET", "first-aid":
                return json_answer(200, {**self.first_aid, "t_ms": now_ms()})
            case "GET", "push/key":
                if not self.push_key:
                    return json_answer(404, {"error": {"what": "push: not set up here"}})
                return json_answer(200, {"key": self.push_key})
            case "GET", "status":
                sensors = self.world.health(now_ms())["sensors"]
                seen = [{"kind": x["kind"], "state": x["state"]} for x in sensors]
                return json_answer(200, {"watch": self.beat(), "sensors": seen})
            case _:
                self.log.append({"t": f"{method} {call}", **message})
                return json_answer(200, {"received": True, "seq": 1})

    async def sighting(self, message: Json, role: str) -> Answer:
        self.log.append({"t": "POST sightings", **message})
        if self.slow_commit:
            await asyncio.sleep(2)
            return json_answer(503, {"received": False, "warned": True})
        person = PEOPLE[role]
        row = {"t": "sighting", **message, "received_ms": now_ms(), "mark": self.world.mode}
        row |= {"person_id": person["person_id"], "name": person["name"], "track_number": None}
        bearing = row.get("bearing")
        if (
            bearing
            and bearing.get("azimuth_deg_true") is None
            and "azimuth_deg_magnetic" in bearing
        ):
            row["bearing"] = bearing | {
                "azimuth_deg_true": (bearing["azimuth_deg_magnetic"] + 8) % 360
            }
        self.world.sightings.append(row)
        self.broadcast(row, "watch_officer")
        placed = {
            "t": "placed",
            "report_id": message["report_id"],
            "track_id": "t41",
            "track_number": 41,
        }
        self.broadcast(placed)
        return json_answer(200, {"received": True, "report_id": message["report_id"], "seq": 1,
                                 "server_ms": now_ms()})  # fmt: skip

    # ---- the wire ------------------------------------------------------------------------------

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self.request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (x.partition(":") for x in lines[1:] if x)}
        jar = dict(c.strip().partition("=")[::2] for c in headers.get("cookie", "").split(";"))
        role = jar.get("fake", "")
        if headers.get("upgrade", "").lower() == "websocket":
            if self.link and role in PEOPLE:
                await self.serve_socket(reader, Socket(writer, head, role))
                return False
            await respond(writer, (401 if self.link else 503, {}, b""))
            return False
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if not self.link and target.startswith("/api/"):
            return False  # as a network that is gone: no answer at all
        await respond(writer, await self.answer(method, target, role, body))
        return True

    async def serve_socket(self, reader: asyncio.StreamReader, socket: Socket) -> None:
        socket.send(self.hello(socket.role))
        if socket.role == "watch_officer":
            for sighting in self.world.scripted_sightings(now_ms()) + self.world.sightings:
                socket.send(sighting)
            socket.send(self.world.health(now_ms()))
        self.sockets.add(socket)
        try:
            while data := await reader.read(65536):
                socket.protocol.receive_data(data)
                for frame in socket.protocol.events_received():
                    if getattr(frame, "opcode", None) is Opcode.TEXT:
                        self.receive(socket, json.loads(frame.data))  # pyright: ignore
                socket.flush()
        finally:
            self.sockets.discard(socket)


def history_row(alert: Json) -> Json:
    """An alert as GET /api/v1/alerts tells it: its first times, and each revision's own."""
    keys = ("alert_id", "person_id", "person_name", "target_id", "incident_id", "mark", "tier")
    times = alert["reached"] | {"handed_ms": alert["decided_ms"] + 3}
    revision = {k: alert[k] for k in ("revision", "msg_type", "tier", "cause_ms", "decided_ms")}
    answered = [t for t in (times["seen_ms"], times["safe_ms"]) if t is not None]
    row = {k: alert[k] for k in (*keys, "end_reason", "cause_ms", "decided_ms")}
    return row | {
        "handed_ms": times["handed_ms"],
        "shown_ms": times["delivered_ms"],
        "answered_ms": min(answered, default=None),
        "revisions": [revision | times],
    }


# ---- files and tiles -------------------------------------------------------------------------


def json_answer(status: int, content: Any) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


def refused(status: int, what: str, got: Any) -> Answer:
    error = {
        "what": what,
        "got": got,
        "expected": "an enrolled device",
        "fix": "open an invitation link",
    }
    return json_answer(status, {"error": error})


def static(name: str) -> Answer:
    try:
        got = _FILES.answer(name, {})
    except HttpError as e:
        return e.status, {"Content-Type": "text/plain"}, f"no file {name}".encode()
    headers = {"Content-Type": got.kind.decode(), "Content-Security-Policy": CSP}
    headers |= {k.decode().title(): v.decode() for k, v in got.headers}
    return 200, headers, got.body


_FILES = Files()
_TILES: list[Tiles] = []  # opened when the first tile is asked for


def tile(path: str) -> Answer:
    parts = path.split("/")[2:]
    if len(parts) != 4 or parts[0] != "base" or not BASEMAP.exists():
        return 404, {}, b""
    if not _TILES:
        _TILES.append(Tiles(BASEMAP))
    z, x, y = (int(p) for p in parts[1:])
    data = _TILES[0].get(z, x, y)
    if not data:
        return 204, {}, b""
    kind = {"Content-Type": "application/vnd.mapbox-vector-tile", "Content-Encoding": "gzip"}
    return 200, kind, data


def added_tile(shelf: Shelf, path: str) -> Answer:
    _, _, name, z, x, y = path.split("/")
    tiles = shelf.tiles(name)
    data = None if tiles is None else tiles.get(int(z), int(x), int(y))
    if tiles is None or not data:
        return 204, {}, b""
    kind = {"Content-Encoding": "gzip"} if tiles.gzipped else {}
    return 200, {"Content-Type": "application/octet-stream", **kind}, data


async def respond(writer: asyncio.StreamWriter, answer: Answer) -> None:
    status, headers, body = answer
    lines = [f"HTTP/1.1 {status} X", *(f"{k}: {v}" for k, v in headers.items())]
    lines.append(f"Content-Length: {len(body)}")
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()


async def serve(
    port: int, scene: str, mode: str, ready: Callable[[int], Awaitable[None] | None]
) -> None:
    gateway = FakeGateway(scene, mode)
    server = await asyncio.start_server(gateway.connection, "127.0.0.1", port)
    ready(server.sockets[0].getsockname()[1])
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(gateway.play())
        tasks.create_task(server.serve_forever())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8800, help="0: chosen by the system, printed")
    parser.add_argument("--scene", default="raid", choices=["raid", "calm", "danger"])
    parser.add_argument("--mode", default="demo", choices=["demo", "exercise", "actual"])
    args = parser.parse_args()

    def ready(port: int) -> None:
        print(f"http://127.0.0.1:{port}/fake/login?role=watch_officer&next=/console", flush=True)
        print(f"http://127.0.0.1:{port}/fake/login?role=agent&next=/", flush=True)

    try:
        asyncio.run(serve(args.port, args.scene, args.mode, ready))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
