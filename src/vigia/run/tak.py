"""Alerts and tracks -> Cursor on Target to one TAK endpoint, tcp://, tls:// or udp://host:port.

One sender per endpoint. Alerts wait until they are sent and overtake tracks; of tracks only the
present picture is kept, and what a slow endpoint does not take of it is dropped and counted. A
connection that comes back gets every open alert and the present picture. "Handed" means given
to the operating system; TAK acknowledges nothing, so an open alert is told again: over UDP every
UDP_REPEAT_S, over TCP after every reconnect.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from vigia.delivery.channels import cot
from vigia.events import Alert, Delivery
from vigia.run.tak_server.item import Item
from vigia.run.tak_server.who import Who
from vigia.run.tak_wire import Endpoint, Wire, connect, parse_url
from vigia.terms import Identity, MsgType, Position
from vigia.tracktable import PUBLISHED_DTYPE, Fix
from vigia.wire import takp
from vigia.wire.advert import Refused
from vigia.wire.cot import parse
from vigia.wire.cot_stream import Piece, Proto

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALERTS_MAX = 10_000  # open alerts; beyond it those already sent are forgotten first
TRACK_BURST = 50  # rendered between two looks at the alerts: about two milliseconds
TRACK_PAUSE_S = 0.025  # and so at most 2,000 tracks a second: the watch shares this thread
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)  # the last one repeats
CONNECT_S = 5.0
SEND_S = 5.0  # an endpoint that takes nothing for so long is given up and connected anew
HAND_OVER_S = 5.0  # then the delivery is told as failed; a later success is told too
UDP_REPEAT_S = 10.0
CHECK_S = 0.5

OnHanded = Callable[[str, int | None, str | None], None]
OnHeard = Callable[[Item, Who], None]


class TakHealth(msgspec.Struct):
    """What the watch shows of this endpoint. Counts since the start."""

    url: str
    connected: bool = False
    connections: int = 0
    alerts_sent: int = 0
    alerts_failed: int = 0
    alerts_waiting: int = 0
    tracks_sent: int = 0
    tracks_dropped: int = 0
    heard: int = 0
    refused: int = 0
    last_error: str = ""


class _Open(msgspec.Struct):
    """The newest revision of one alert. delivery_id None: handed over."""

    alert: Alert
    delivery_id: str | None
    t_offered_s: float
    told_failed: bool = False


class TakSender:
    """run() until cancelled; offer_*() never wait. Raises SettingsError for a bad address."""

    def __init__(
        self,
        url: str,
        words: dict[str, str],
        *,
        places: dict[str, Position] | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """places: where posts are, by target ("post/<id>"); an alert for another target is
        shown where its drone is."""
        self.on_handed: OnHanded = lambda _delivery_id, _t_ns, _failed: None
        self.on_heard: OnHeard = lambda _item, _who: None
        self.places = places or {}
        self.health = TakHealth(url)
        self._endpoint: Endpoint = parse_url(url)
        self._words = words
        self._clock_ns = clock_ns
        self._open: dict[str, _Open] = {}
        self._due: dict[str, None] = {}  # alert identifiers, in the order they are sent
        self._picture: NDArray[np.void] | None = None
        self._next_row = 0
        self._identities: Mapping[str, Identity] = {}
        self._wake = asyncio.Event()

    def offer_alert(self, alert: Alert, delivery: Delivery) -> None:
        held = self._open.get(alert.alert_id)
        if held is not None:
            if held.alert.revision > alert.revision:
                self._failed(delivery.delivery_id, f"revision {held.alert.revision} is newer")
                return
            if held.delivery_id is not None and held.delivery_id != delivery.delivery_id:
                self._failed(held.delivery_id, f"revision {alert.revision} came before it was sent")
        elif len(self._open) >= ALERTS_MAX and not self._make_room():
            what = f"{ALERTS_MAX} alerts wait for {self.health.url}; check the endpoint"
            self._failed(delivery.delivery_id, what)
            return
        self._open[alert.alert_id] = _Open(alert, delivery.delivery_id, time.monotonic())
        self._due[alert.alert_id] = None
        self._wake.set()

    def offer_tracks(
        self, rows: NDArray[np.void], identities: Mapping[str, Identity] | None = None
    ) -> None:
        """rows: (n,) of tracktable.PUBLISHED_DTYPE, the whole present picture."""
        if rows.dtype != PUBLISHED_DTYPE:
            raise ValueError(f"tracks: got rows of {rows.dtype.names}, need PUBLISHED_DTYPE")
        if self._picture is not None:
            self.health.tracks_dropped += max(0, len(self._picture) - self._next_row)
        self._picture, self._next_row = rows, 0
        self._identities = identities or {}
        self._wake.set()

    def counts(self) -> dict[str, int]:
        """For the watch's status, by endpoint."""
        health = msgspec.structs.asdict(self.health)
        url = health.pop("url")
        return {f"{k} {url}": int(v) for k, v in health.items() if not isinstance(v, str)}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_connections())
            group.create_task(self._run_checks())

    async def _run_connections(self) -> None:
        failures = 0
        while True:
            try:
                async with asyncio.timeout(CONNECT_S):
                    wire = await connect(self._endpoint, self._wake, self._heard)
            except (OSError, TimeoutError) as error:
                self._trouble(f"connect: {error or type(error).__name__}")
                await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
                failures += 1
                continue
            sent = self.health.alerts_sent + self.health.tracks_sent
            self.health.connected = True
            self.health.connections += 1
            try:
                await self._serve(wire)
            except (OSError, TimeoutError) as error:
                self._trouble(f"send: {error or type(error).__name__}")
            finally:
                self.health.connected = False
                wire.close()
            # An endpoint that takes us and throws us out at once is not asked in a tight loop.
            worked = self.health.alerts_sent + self.health.tracks_sent > sent
            failures = 0 if worked else failures + 1
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])

    def _heard(self, piece: Piece) -> None:
        """What the other server says; garbage of it is counted, and ends nothing."""
        xml: bytes | Refused = piece if isinstance(piece, Refused) else piece.data
        if isinstance(piece, Proto):
            xml = takp.decode(piece.data)
        event = xml if isinstance(xml, Refused) else parse(xml)
        if isinstance(event, Refused) or isinstance(xml, Refused):
            self.health.refused += 1
            return
        self.health.heard += 1
        self.on_heard(Item(xml, event), Who(address=self.health.url, upstream=True))

    async def _serve(self, wire: Wire) -> None:
        """Alerts first, always; then a burst of tracks; until the wire is lost."""
        self._all_due()
        self._next_row = 0
        while True:
            self._wake.clear()
            if wire.lost:
                raise ConnectionResetError("the endpoint closed the connection")
            while self._due:
                await self._send_alert(wire, next(iter(self._due)))
            if self._picture is not None and self._next_row < len(self._picture):
                await self._send_tracks(wire, self._picture)
                await asyncio.sleep(TRACK_PAUSE_S)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(UDP_REPEAT_S if wire.repeats else None):
                    await self._wake.wait()
                    continue
            self._all_due()

    async def _send_alert(self, wire: Wire, alert_id: str) -> None:
        """Stays due until it is sent; a newer revision may take its place meanwhile."""
        held = self._open.get(alert_id)
        if held is None:
            self._due.pop(alert_id, None)
            return
        data = cot.render_alert(held.alert, self._words, position=self._position(held.alert))
        async with asyncio.timeout(SEND_S):
            await wire.send(data)
        self.health.alerts_sent += 1
        if self._open.get(alert_id) is held:
            self._due.pop(alert_id, None)
        if held.delivery_id is not None:
            delivery_id, held.delivery_id = held.delivery_id, None
            self.on_handed(delivery_id, self._clock_ns(), None)

    async def _send_tracks(self, wire: Wire, picture: NDArray[np.void]) -> None:
        end = min(self._next_row + TRACK_BURST, len(picture))
        parts = [self._track(row) for row in picture[self._next_row : end]]
        self._next_row = end
        for data in parts:
            if data is None:
                continue
            async with asyncio.timeout(SEND_S):
                await wire.send(data)
            self.health.tracks_sent += 1

    def _track(self, row: np.void) -> bytes | None:
        identity = self._identities.get(cot.track_name(row), Identity.UNKNOWN)
        return cot.render_track(row, self._words, identity=identity)

    def _all_due(self) -> None:
        """Every open alert again, the most urgent first, of those the ones never sent."""
        ordered = sorted(
            self._open.values(), key=lambda held: (-held.alert.tier, held.delivery_id is None)
        )
        self._due = {held.alert.alert_id: None for held in ordered}

    def _position(self, alert: Alert) -> Position | None:
        if (place := self.places.get(alert.target_id)) is not None:
            return place
        if self._picture is None or not alert.track_ids:
            return None
        found = self._picture[self._picture["track_id"] == alert.track_ids[0].encode()]
        if not len(found) or found[0]["fix"] != Fix.POSITION or np.isnan(found[0]["lat_deg"]):
            return None
        return Position(float(found[0]["lat_deg"]), float(found[0]["lon_deg"]))

    async def _run_checks(self) -> None:
        """What waits too long is told once as failed; what is over is forgotten."""
        while True:
            await asyncio.sleep(CHECK_S)
            now_s, now_ns = time.monotonic(), self._clock_ns()
            waiting = 0
            for alert_id, held in list(self._open.items()):
                if _over(held.alert, now_ns):
                    del self._open[alert_id]
                    self._due.pop(alert_id, None)
                    if held.delivery_id is not None and not held.told_failed:
                        self._failed(held.delivery_id, "it expired before it could be sent")
                    continue
                if held.delivery_id is None:
                    continue
                waiting += 1
                if not held.told_failed and now_s - held.t_offered_s > HAND_OVER_S:
                    held.told_failed = True
                    what = f"{self.health.url} took nothing for {HAND_OVER_S:.0f} s, still trying"
                    self._failed(held.delivery_id, f"{what} ({self.health.last_error})")
            self.health.alerts_waiting = waiting

    def _make_room(self) -> bool:
        for alert_id, held in self._open.items():
            if held.delivery_id is None:
                del self._open[alert_id]
                self._due.pop(alert_id, None)
                return True
        return False

    def _failed(self, delivery_id: str, what: str) -> None:
        self.health.alerts_failed += 1
        self.on_handed(delivery_id, None, what)

    def _trouble(self, what: str) -> None:
        self.health.last_error = what


def _over(alert: Alert, now_ns: int) -> bool:
    if alert.msg_type is MsgType.CANCEL:
        return now_ns > alert.t_decided_ns + cot.CANCEL_STALE_NS
    return now_ns > alert.t_expires_ns
