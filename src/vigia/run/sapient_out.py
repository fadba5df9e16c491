"""vigia as a SAPIENT node: its tracks and alerts -> a fusion node or an Apex middleware.

Registers as a fusion node, says every few seconds that it lives, and tells the present picture and
every alert's newest revision. Only what is ACTUAL leaves; no person's name or place; sectors have
no place and stay. Nothing here can be tasked: tasks are declined with the reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sapient_msg.bsi_flex_335_v2_0 import alert_pb2, location_pb2, registration_pb2
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage
from sapient_msg.bsi_flex_335_v2_0.status_report_pb2 import StatusReport
from sapient_msg.bsi_flex_335_v2_0.task_ack_pb2 import TaskAck

from vigia.events import Alert, Delivery
from vigia.run.transports.ears import CONNECT_S, READ
from vigia.run.transports.feed import BACKOFF_S
from vigia.run.transports.tcp import client_context
from vigia.run.transports.url import Source
from vigia.terms import Mark, MsgType, Position, Tier
from vigia.tracktable import MARKS, Fix, TrackFlag
from vigia.wire.advert import Refused
from vigia.wire.sapient import ICD_VERSION, Frames, framed, read
from vigia.wire.sapient_ulid import ulid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STATUS_S = 5.0
ACK_S = 15.0  # a fusion node that does not acknowledge within this is told as such, and tried again
BURST = 50  # tracks rendered before other tasks get their turn
ALERTS_MAX = 1_000  # waiting; the oldest go
WAITING_MAX = 4_000_000  # bytes that the other side has not taken: then tracks are left out
TEXT_MAX = 200
_A, _R = alert_pb2.Alert, registration_pb2.Registration
LOC_M = location_pb2.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
WGS84_E = location_pb2.LOCATION_DATUM_WGS84_E
TYPES = {
    Tier.WATCH: (_A.ALERT_TYPE_INFORMATION, _A.DISCRETE_PRIORITY_LOW),
    Tier.WARNING: (_A.ALERT_TYPE_WARNING, _A.DISCRETE_PRIORITY_MEDIUM),
    Tier.DANGER: (_A.ALERT_TYPE_CRITICAL, _A.DISCRETE_PRIORITY_HIGH),
}


class SapientOut:
    """run() until cancelled; offer_*() never wait."""

    def __init__(
        self, source: Source, node_id: str, name: str, site: Position, now_ns: Callable[[], int]
    ) -> None:
        self._source = source
        self._node_id = node_id
        self._name = name
        self._site = site
        self._now_ns = now_ns
        self._rows: NDArray[np.void] | None = None
        self._alerts: dict[str, Alert] = {}
        self._wake = asyncio.Event()
        self._counts = {"connected": 0, "tracks": 0, "tracks_left_out": 0, "alerts": 0, "errors": 0}
        self.last_error = ""

    # ---- Outlet ------------------------------------------------------------------------------

    def offer_alert(self, alert: Alert, delivery: Delivery) -> None:
        """Deliveries are to people; offer_decided has told it."""

    def offer_decided(self, alert: Alert) -> None:
        if alert.mark is not Mark.ACTUAL:
            return
        self._alerts.pop(alert.alert_id, None)
        self._alerts[alert.alert_id] = alert
        if len(self._alerts) > ALERTS_MAX:
            del self._alerts[next(iter(self._alerts))]
        self._wake.set()

    def offer_tracks(self, rows: NDArray[np.void]) -> None:
        self._rows = rows
        self._wake.set()

    def counts(self) -> dict[str, int]:
        return {f"sapient_{k} {self._source.host}": v for k, v in self._counts.items()}

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                await self._connected()
                self.last_error, failures = "the other side closed the connection", 0
            except (OSError, TimeoutError) as e:
                self.last_error = str(e) or type(e).__name__
                failures += 1
            self._counts["connected"] = 0
            wait_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))

    # ---- one connection ----------------------------------------------------------------------

    async def _connected(self) -> None:
        context = client_context(self._source) if self._source.scheme == "tls" else None
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(
                self._source.host, self._source.port, ssl=context
            )
        frames = Frames()
        try:
            writer.write(framed(self._registration()))
            async with asyncio.timeout(ACK_S):
                waiting = await self._acknowledged(reader, frames)
            self._counts["connected"] = 1
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._tell(writer))
                self._answer(waiting, writer)
                while data := await reader.read(READ):
                    self._answer(frames.feed(data), writer)
                telling.cancel()
        except ExceptionGroup as e:
            raise OSError(str(e.exceptions[0])) from e
        finally:
            writer.transport.abort()

    async def _acknowledged(self, reader: asyncio.StreamReader, frames: Frames) -> list[bytes]:
        """What came right behind the acknowledgement. Raises OSError."""
        while data := await reader.read(READ):
            found = frames.feed(data)
            for n, frame in enumerate(found, start=1):
                m = read(frame)
                if isinstance(m, Refused) or m.WhichOneof("content") != "registration_ack":
                    continue
                if not m.registration_ack.acceptance:
                    why = "; ".join(m.registration_ack.ack_response_reason)
                    raise OSError(f"the registration was refused: {why}"[:TEXT_MAX])
                return found[n:]
        raise OSError("closed before the registration was acknowledged")

    def _answer(self, frames: list[bytes], writer: asyncio.StreamWriter) -> None:
        for frame in frames:
            m = read(frame)
            if isinstance(m, Refused):
                self._counts["errors"] += 1
                continue
            match m.WhichOneof("content"):
                case "task":
                    writer.write(framed(self._declined(m)))
                case "error":
                    self._counts["errors"] += 1
                    self.last_error = "; ".join(m.error.error_message)[:TEXT_MAX]
                case _:
                    pass

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        loop, due_s = asyncio.get_running_loop(), 0.0
        while True:
            if loop.time() >= due_s:
                due_s = loop.time() + STATUS_S
                writer.write(framed(self._status()))
            while self._alerts:
                alert = self._alerts.pop(next(iter(self._alerts)))
                writer.write(framed(self._alert(alert)))
                self._counts["alerts"] += 1
            rows, self._rows = self._rows, None
            if rows is not None:
                await self._tracks(writer, rows)
            await writer.drain()
            self._wake.clear()
            try:
                async with asyncio.timeout(max(0.0, due_s - loop.time())):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _tracks(self, writer: asyncio.StreamWriter, rows: NDArray[np.void]) -> None:
        for n, row in enumerate(rows):
            if row["fix"] != Fix.POSITION or MARKS[int(row["mark"])] != Mark.ACTUAL.value:
                continue
            if writer.transport.get_write_buffer_size() > WAITING_MAX:
                self._counts["tracks_left_out"] += 1
                continue
            writer.write(framed(self._detection(row)))
            self._counts["tracks"] += 1
            if n % BURST == 0:
                await asyncio.sleep(0)

    # ---- messages ----------------------------------------------------------------------------

    def _message(self) -> SapientMessage:
        made = SapientMessage(node_id=self._node_id)
        made.timestamp.FromNanoseconds(self._now_ns())
        return made

    def _ulid(self) -> str:
        return ulid(self._now_ns(), random.getrandbits(80))

    def _registration(self) -> SapientMessage:
        made = self._message()
        m = made.registration
        m.node_definition.add(node_type=_R.NODE_TYPE_FUSION_NODE)
        m.icd_version, m.name, m.short_name = ICD_VERSION, self._name, "vigia"
        m.capabilities.add(category="Fusion", type="Tracks of air vehicles")
        period = _R.Duration(units=_R.TIME_UNITS_SECONDS, value=STATUS_S)
        m.status_definition.status_interval.CopyFrom(period)
        place = _R.LocationType(location_units=LOC_M, location_datum=WGS84_E)
        mode = m.mode_definition.add(
            mode_name="Default", mode_type=_R.MODE_TYPE_PERMANENT, settle_time=period,
            tracking_type=_R.TRACKING_TYPE_TRACK,
        )  # fmt: skip
        mode.detection_definition.add(location_type=place)
        region = mode.task.region_definition
        region.region_type.append(_R.REGION_TYPE_AREA_OF_INTEREST)
        region.region_area.append(place)
        m.config_data.add(manufacturer="vigia", model="vigia")
        return made

    def _status(self) -> SapientMessage:
        made = self._message()
        m = made.status_report
        m.report_id, m.mode = self._ulid(), "Default"
        m.system, m.info = StatusReport.SYSTEM_OK, StatusReport.INFO_NEW
        at = m.node_location
        at.x, at.y = self._site.lon_deg, self._site.lat_deg
        if self._site.alt_hae_m is not None:
            at.z = self._site.alt_hae_m
        at.coordinate_system, at.datum = LOC_M, WGS84_E
        return made

    def _detection(self, row: Any) -> SapientMessage:
        """Any: a record of a structured array has no static type."""
        made = SapientMessage(node_id=self._node_id)
        made.timestamp.FromNanoseconds(int(row["t_ns"]))
        m = made.detection_report
        m.report_id, m.object_id = self._ulid(), object_id(bytes(row["track_id"]))
        m.detection_confidence = float(row["p_exist"])
        _place(m.location, row)
        speed, course = float(row["speed_mps"]), math.radians(float(row["course_deg_true"]))
        if math.isfinite(speed) and math.isfinite(course):
            m.enu_velocity.east_rate = speed * math.sin(course)
            m.enu_velocity.north_rate = speed * math.cos(course)
            if math.isfinite(float(row["climb_mps"])):
                m.enu_velocity.up_rate = float(row["climb_mps"])
        crewed = int(row["flags"]) & TrackFlag.AIRCRAFT
        kind, sure = ("Manned", 0.9) if crewed else ("UAV", float(row["p_drone"]))
        air = m.classification.add(type="Air Vehicle", confidence=float(row["p_exist"]))
        air.sub_class.add(type=kind, level=1, confidence=sure)
        serial = bytes(row["serial"]).decode("ascii", "replace").strip("\0 ")
        if serial:
            m.id = serial
        return made

    def _alert(self, alert: Alert) -> SapientMessage:
        made = self._message()
        m = made.alert
        m.alert_id = object_id(alert.alert_id.encode())
        m.alert_type, m.priority = TYPES.get(alert.tier, TYPES[Tier.WATCH])
        over = alert.msg_type is MsgType.CANCEL or alert.end_reason is not None
        m.status = _A.ALERT_STATUS_CLEAR if over else _A.ALERT_STATUS_ACTIVE
        kind, _, name = alert.target_id.partition("/")
        whom = f"post {name}" if kind == "post" else "a person on watch"
        m.description = f"{alert.tier.name}: drone, {whom}"[:TEXT_MAX]
        for track_id in alert.track_ids[:10]:
            found = m.associated_detection.add()
            found.node_id, found.object_id = self._node_id, object_id(track_id.encode())
        return made

    def _declined(self, task: SapientMessage) -> SapientMessage:
        made = self._message()
        made.destination_id = task.node_id
        made.task_ack.task_id = task.task.task_id
        made.task_ack.task_status = TaskAck.TASK_STATUS_REJECTED
        made.task_ack.reason.append("vigia warns and informs; it takes no tasks")
        return made


def object_id(text: bytes) -> str:
    """The same track or alert has the same ULID, also after a restart."""
    digest = hashlib.blake2b(text.rstrip(b"\0"), digest_size=10).digest()
    return ulid(0, int.from_bytes(digest, "big"))


def _place(at: location_pb2.Location, row: Any) -> None:
    at.x, at.y = float(row["lon_deg"]), float(row["lat_deg"])
    at.coordinate_system, at.datum = LOC_M, WGS84_E
    if math.isfinite(float(row["alt_hae_m"])):
        at.z = float(row["alt_hae_m"])
    if math.isfinite(float(row["sigma_m"])):
        at.x_error = at.y_error = float(row["sigma_m"]) / 111_320.0  # in the units of x and y
