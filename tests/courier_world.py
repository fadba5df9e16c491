"""The courier as a real process, the watch's side of its link, and receivers that write down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vigia.events import (
    Alert,
    CoreSettings,
    Delivery,
    Event,
    HandedOver,
    PersonAdded,
    Post,
)
from vigia.events_reach import ContactSet
from vigia.run.channel_settings import ChannelEntry
from vigia.run.courier.contacts import Contact, Contacts
from vigia.run.link import Emit, State, Submit, Unsent
from vigia.run.link_io import COURIER, LinkServer, link_path
from vigia.run.plan import RunPlan, write_plan
from vigia.run.settings import Listen, Storage
from vigia.terms import Channel, Lang, Mark, MsgType, Position, Role, Tier

S = 1_000_000_000
POST = Post(post_id="12", name="Post 12", position=Position(31.79, -106.75, 1200.0))


def person(n: int) -> PersonAdded:
    return PersonAdded(
        person_id=f"p{n}", name=f"Agent {n}", agency_id="ag", role=Role.AGENT, lang=Lang.EN
    )


def alert(n: int | None = 1, revision: int = 1, **more: Any) -> Alert:
    """n None: of Post 12."""
    now = time.time_ns()
    fields: dict[str, Any] = {
        "alert_id": f"a{n}",
        "revision": revision,
        "msg_type": MsgType.ALERT if revision == 1 else MsgType.UPDATE,
        "incident_id": "i",
        "target_id": "post/12" if n is None else f"person/p{n}",
        "person_id": None if n is None else f"p{n}",
        "tier": Tier.DANGER,
        "mark": Mark.ACTUAL,
        "action": "take_cover",
        "sound": True,
        "t_cause_ns": now,
        "t_decided_ns": now,
        "t_expires_ns": now + 180 * S,
        "t_earliest_ns": now + 40 * S,
        "from_point": "sw",
        "bearing_deg_true": 225.0,
        "range_m": 700.0,
    }
    return Alert(**(fields | more))


def delivery(a: Alert, channel: Channel) -> Delivery:
    return Delivery(
        delivery_id=f"{a.alert_id}.{a.revision}.{channel.value}",
        alert_id=a.alert_id,
        revision=a.revision,
        target_id=a.target_id,
        person_id=a.person_id,
        channel=channel,
        rank=0,
    )


class WatchSide:
    """What the watch does for the courier: the state first, then what it decides; it keeps what
    has no receipt, as the core does."""

    def __init__(self, folder: Path, people: int = 3) -> None:
        self.folder = folder
        self.link = LinkServer(link_path(folder, COURIER))
        self.link.on_submit = self._heard
        self.link.on_connected = lambda: self.link.send(self.state())
        self.people = [person(n) for n in range(people)]
        self.contacts: dict[str, set[Channel]] = {}
        self.open: dict[str, Alert] = {}
        self.waiting: dict[str, tuple[Alert, Delivery]] = {}
        self.handed: dict[str, list[HandedOver]] = {}
        self.said: list[Any] = []
        self.connects = 0
        self._seq = 0

    def state(self) -> State:
        self.connects += 1
        return State(
            t_ns=time.time_ns(),
            settings=CoreSettings(mode=Mark.ACTUAL, origin=POST.position, posts=(POST,)),
            agencies=(),
            people=tuple(self.people),
            devices=(),
            open_alerts=tuple(self.open.values()),
            contacts={p: tuple(c) for p, c in self.contacts.items()},
            unsent=tuple(Unsent(a, d) for a, d in self.waiting.values()),
        )

    def give(self, a: Alert, *channels: Channel) -> list[str]:
        """Decide it; identifiers of the deliveries."""
        self.open[a.alert_id] = a
        self._emit(a)
        found = [delivery(a, channel) for channel in channels]
        for d in found:
            for known in [k for k, (x, y) in self.waiting.items() if _replaced(x, y, a, d)]:
                del self.waiting[known]
            self.waiting[d.delivery_id] = (a, d)
            self._emit(d)
        return [d.delivery_id for d in found]

    def _emit(self, body: Any) -> None:
        self._seq += 1
        self.link.send(Emit(event=Event(self._seq, time.time_ns(), "core", Mark.ACTUAL, body)))

    def _heard(self, message: Submit) -> None:
        body = message.body
        self.said.append(body)
        if isinstance(body, HandedOver):
            self.handed.setdefault(body.delivery_id, []).append(body)
            self.waiting.pop(body.delivery_id, None)
        elif isinstance(body, ContactSet):
            held = self.contacts.setdefault(body.person_id, set())
            (held.add if body.on else held.discard)(body.channel)

    def fate(self, delivery_id: str) -> str | None:
        """ "ok", why it failed, or None: no receipt yet."""
        found = self.handed.get(delivery_id)
        return None if not found else found[-1].failed or "ok"


def _replaced(a: Alert, d: Delivery, newer: Alert, newer_d: Delivery) -> bool:
    return (a.alert_id, d.channel) == (newer.alert_id, newer_d.channel)


OPEN: list[Http] = []  # receivers of the running test


class Http:
    """A receiver on a free port: every request's path, headers and body. answer: its status."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[], int] = lambda: 200
        self.hang = False
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> Http:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        OPEN.append(self)
        return self

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().split("\r\n")
                headers = {
                    k.lower(): v.strip() for k, _, v in (x.partition(":") for x in lines if x)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                if self.hang:
                    await asyncio.sleep(3600)
                code = self.answer()
                if code == 200:
                    self.got.append((first.split(" ")[1], headers, body))
                writer.write(f"HTTP/1.1 {code} X\r\ncontent-length: 2\r\n\r\n{{}}".encode())
                await writer.drain()
        writer.close()


class CourierProcess:
    """`python -m vigia.run.courier_main` on a folder; may be killed at any instant."""

    def __init__(self, folder: Path, channels: dict[str, ChannelEntry]) -> None:
        self.folder = folder
        plan = RunPlan(
            site_name="Test",
            core=CoreSettings(mode=Mark.ACTUAL, origin=POST.position, posts=(POST,)),
            listen=Listen(),
            storage=Storage(),
            channels=channels,
        )
        write_plan(folder, plan)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "vigia.run.courier_main", "--data", str(self.folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)


def secret(folder: Path, name: str, text: str) -> str:
    """Its name for the settings."""
    (folder / "keys").mkdir(exist_ok=True, mode=0o700)
    path = folder / "keys" / name
    path.write_text(text)
    path.chmod(0o600)
    return f"file:{name}"


def contacts(folder: Path, *rows: tuple[str, Channel, str]) -> None:
    held = Contacts(folder)
    held.put([Contact(*row) for row in rows], time.time_ns())
    held.close()


async def until(what: Callable[[], object], within_s: float = 60.0) -> None:
    """Generous: the machine may be busy. The truth is in the asserts that follow."""
    end = time.monotonic() + within_s
    while not what():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        await asyncio.sleep(0.02)
