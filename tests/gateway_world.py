"""A gateway on a real port with a watch of its own making, and devices with real keys."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.asyncio.client import ClientConnection, connect

from vigia.events import (
    Acknowledged,
    AgencyAdded,
    Alert,
    AnyBody,
    CoreSettings,
    Delivery,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Input,
    PersonAdded,
    Post,
    Reached,
    Sighting,
    SightingPlaced,
)
from vigia.run.gateway import Gateway
from vigia.run.gateway_main import Server, make_server
from vigia.run.invitations import invite
from vigia.run.link import Committed, Emit, Refused, State, Status, Submit
from vigia.run.link_io import LinkClient, LinkServer, link_path
from vigia.run.sessions import open_sessions, to_base64url
from vigia.run.settings_access import Access
from vigia.terms import Channel, Mark, MsgType, Position, Role, Tier

Json = dict[str, Any]  # Any: what came over the wire is looked at, not trusted
POST = Post(post_id="12", name="Post 12", position=Position(31.79, -106.75, 1200.0), radius_m=30.0)
NOW_NS = 1_800_000_000_000_000_000
ROSTER = (AgencyAdded, PersonAdded, DeviceEnrolled, DeviceRevoked)


def now_ns() -> int:
    import time

    return time.time_ns()


def alert(person_id: str | None = "p1", *, revision: int = 1, **changes: Any) -> Alert:
    fields: Json = {
        "alert_id": f"a-{person_id}",
        "revision": revision,
        "msg_type": MsgType.ALERT,
        "incident_id": "i1",
        "target_id": f"person/{person_id}" if person_id else "post/12",
        "person_id": person_id,
        "tier": Tier.DANGER,
        "mark": Mark.DEMO,
        "action": "take_cover",
        "sound": True,
        "t_cause_ns": now_ns(),
        "t_decided_ns": now_ns(),
        "t_expires_ns": now_ns() + 180_000_000_000,
        "track_ids": ("t1",),
        "track_numbers": (41,),
    }
    return Alert(**(fields | changes))


def delivery_of(a: Alert) -> Delivery:
    return Delivery(
        delivery_id=f"{a.alert_id}.{a.revision}.page",
        alert_id=a.alert_id,
        revision=a.revision,
        target_id=a.target_id,
        person_id=a.person_id,
        channel=Channel.PAGE,
        rank=0,
    )


class FakeWatch:
    """Takes submits, commits them (unless told not to), says what a core would say."""

    def __init__(self, path: Path) -> None:
        self.link = LinkServer(path)
        self.link.on_submit = self._got
        self.link.on_connected = self.tell_state
        self.got: list[Submit] = []
        self.commits = True
        self.refuses = False
        self.beats = True
        self.seq = 0
        self.people: dict[str, PersonAdded] = {}
        self.posts: tuple[Post, ...] = (POST,)
        self.devices: dict[str, DeviceEnrolled] = {}
        self.open_alerts: tuple[Alert, ...] = ()
        self.decides: Callable[[Input], list[AnyBody]] = lambda _: []

    def bodies(self, kind: type[Input]) -> list[Any]:
        return [m.body for m in self.got if isinstance(m.body, kind)]

    def tell_state(self) -> None:
        self.link.send(
            State(
                t_ns=now_ns(),
                settings=CoreSettings(
                    mode=Mark.DEMO, origin=Position(31.79, -106.75, 1200.0), posts=self.posts
                ),
                agencies=(),
                people=tuple(self.people.values()),
                devices=tuple(self.devices.values()),
                open_alerts=self.open_alerts,
            )
        )
        self.beat()

    def beat(self, state: str = "ready") -> None:
        self.link.send(
            Status(
                t_ns=now_ns(),
                mode=Mark.DEMO,
                state=state,
                journal="ok",
                journal_lag_s=0.0,
                sensors=(),
                counts={"Sighting": 1},
            )
        )

    def emit(self, body: AnyBody, source: str = "core") -> None:
        self.link.send(Emit(event=Event(self.seq, now_ns(), source, Mark.DEMO, body)))

    def warn(self, a: Alert) -> None:
        """What the core gives: the alert, then its delivery if somebody is to get it."""
        self.emit(a)
        if a.person_id is not None:
            self.emit(delivery_of(a))

    def _got(self, message: Submit) -> None:
        self.got.append(message)
        if self.refuses:
            self.link.send(Refused(request_id=message.request_id, why="full"))
            return
        self.seq += 1
        body = message.body
        match body:
            case PersonAdded():
                self.people[body.person_id] = body
            case DeviceEnrolled():
                self.devices[body.device_id] = body
            case DeviceRevoked():
                self.devices.pop(body.device_id, None)
            case _:
                pass
        if isinstance(body, (*ROSTER, Sighting)):
            self.emit(body, message.source)
        if isinstance(body, Sighting):
            placed = SightingPlaced(
                report_id=body.report_id, person_id=body.person_id, track_id="t1", number=41
            )
            self.emit(placed)
        if isinstance(body, Acknowledged):
            self.emit(
                Reached(
                    alert_id=body.alert_id,
                    person_id=body.person_id,
                    kind=body.kind,
                    t_obs_ns=body.t_obs_ns,
                )
            )
        for decided in self.decides(body):
            self.emit(decided)
        if self.commits and message.request_id:
            self.link.send(Committed(request_id=message.request_id, seq=self.seq))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run())
            while True:
                await asyncio.sleep(0.5)
                if self.beats:
                    self.beat()


class Phone:
    """One device: a key pair, and what the page's session.mjs does with it."""

    def __init__(self, world: World, name: str = "phone") -> None:
        self.world = world
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.http = httpx.AsyncClient(
            base_url=world.url, verify=world.trust if world.trust else True, timeout=10
        )
        self.device_id = ""
        self.person: Json = {}

    @property
    def spki(self) -> str:
        public = self.key.public_key()
        return to_base64url(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, text: str) -> str:
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(SHA256())))
        return to_base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    async def enrol(self, token: str) -> httpx.Response:
        answer = await self.http.post(
            "/api/v1/enrol", json={"token": token, "public_key": self.spki}
        )
        if answer.status_code == 200:
            self.device_id = answer.json()["device_id"]
            self.person = answer.json()["person"]
        return answer

    async def challenge(self) -> str:
        answer = await self.http.post(
            "/api/v1/session/challenge", json={"device_id": self.device_id}
        )
        assert answer.status_code == 200
        return answer.json()["challenge"]

    async def open_session(self, challenge: str | None = None) -> httpx.Response:
        text = challenge or await self.challenge()
        return await self.http.post(
            "/api/v1/session",
            json={
                "device_id": self.device_id,
                "challenge": text,
                "signature": self.sign(f"vigia-session:{text}"),
            },
        )

    @contextlib.asynccontextmanager
    async def page(self, *, path: str = "/ws", **options: Any) -> AsyncGenerator[Talk]:
        cookies = "; ".join(f"{k}={v}" for k, v in self.http.cookies.items())
        url = self.world.url.replace("http", "ws", 1) + path
        async with connect(
            url, additional_headers={"Cookie": cookies}, ssl=self.world.trust, **options
        ) as ws:
            yield Talk(ws)


class Talk:
    """A page's socket, message by message."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws

    async def say(self, **message: Any) -> None:
        await self.ws.send(json.dumps(message))

    async def hear(self, kind: str, seconds: float = 5.0) -> Json:
        """The next message of that kind; others are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                said = await self.ws.recv()
                if isinstance(said, bytes):
                    continue  # a picture in columns
                message: Json = json.loads(said)
                if message["t"] == kind:
                    return message


class World:
    """A running gateway and its watch."""

    def __init__(self, folder: Path, gateway: Gateway, watch: FakeWatch, url: str) -> None:
        self.folder = folder
        self.gateway = gateway
        self.watch = watch
        self.url = url
        self.trust: ssl.SSLContext | None = None
        self._phones: list[Phone] = []

    def phone(self) -> Phone:
        phone = Phone(self)
        self._phones.append(phone)
        return phone

    async def enrolled(
        self, role: Role = Role.AGENT, person_id: str = "p1", agency_id: str = "site"
    ) -> Phone:
        """A phone with an open session."""
        phone = self.phone()
        invitation = invite(
            self.folder,
            name=person_id.upper(),
            role=role,
            person_id=person_id,
            agency_id=agency_id,
        )
        answer = await phone.enrol(invitation.token)
        assert answer.status_code == 200, answer.text
        answer = await phone.open_session()
        assert answer.status_code == 200, answer.text
        return phone

    async def close(self) -> None:
        for phone in self._phones:
            await phone.http.aclose()


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - a condition of many parts
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def world(
    folder: Path,
    *,
    tls: ssl.SSLContext | None = None,
    ca: Path | None = None,
    open_alerts: tuple[Alert, ...] = (),
    access: Access | None = None,
    posts: tuple[Post, ...] = (POST,),
) -> AsyncGenerator[World]:
    path = link_path(folder)
    watch = FakeWatch(path)
    watch.open_alerts, watch.posts = open_alerts, posts
    gateway = Gateway(folder, LinkClient(lambda: path), open_sessions(folder / "keys"), access)
    sock = socket.create_server(("127.0.0.1", 0))
    scheme = "http" if tls is None else "https"
    url = f"{scheme}://localhost:{sock.getsockname()[1]}"
    gateway.secure, gateway.base_url = tls is not None, url
    server: Server = make_server(gateway, tls=tls, ca=ca)
    tasks = [
        asyncio.create_task(work)
        for work in (watch.run(), gateway.link.run(), gateway.run(), server.serve(sockets=[sock]))
    ]
    here = World(folder, gateway, watch, url)
    if ca is not None:
        here.trust = ssl.create_default_context(cafile=str(ca))
    try:
        await until(lambda: server.started and gateway.view.settings is not None)
        yield here
    finally:
        await here.close()
        gateway.past.stop()
        server.stop()
        await asyncio.wait([tasks[-1]], timeout=5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        sock.close()


def run(work: Callable[[], Any]) -> None:
    """A test's coroutine, on the loop the gateway runs on."""
    from vigia.run.gateway_main import uvloop_runner

    with uvloop_runner() as runner:
        runner.run(work())
