"""Connects to a fusion node as invented SAPIENT nodes do: a radar each, all on one machine."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator

from sapient_msg.bsi_flex_335_v2_0 import location_pb2 as loc
from sapient_msg.bsi_flex_335_v2_0 import range_bearing_pb2 as rb
from sapient_msg.bsi_flex_335_v2_0.registration_pb2 import Registration
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage
from sapient_msg.bsi_flex_335_v2_0.status_report_pb2 import StatusReport

from vigia.run.simulate.speak import Asked
from vigia.run.simulate.speak.flights import flight
from vigia.sensors.sapient import own_id
from vigia.wire.sapient import ICD_VERSION, Frames, framed, read
from vigia.wire.sapient_ulid import ulid

STATUS_S = 1.0
RANGE_M = 4_000.0
AZIMUTH_SIGMA_DEG, ELEVATION_SIGMA_DEG, RANGE_SIGMA_M = 1.0, 1.5, 5.0
LOC_M = loc.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
DEG_M = rb.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M


async def speak(asked: Asked) -> AsyncIterator[str]:
    reader, writer = await asyncio.open_connection(asked.host, asked.port)
    node = own_id(f"simulated radar {asked.seed}")
    frames = Frames()
    writer.write(framed(registration(node)))
    while not frames_of(frames, data := await reader.read(65_536)):
        if not data:
            raise OSError("the other side closed the connection before it acknowledged")
    yield f"radar {node} is registered with {asked.host}:{asked.port}"
    drain = asyncio.create_task(_pass_over(reader))
    chance = random.Random(asked.seed)
    t_status_s = 0.0
    try:
        while not drain.done():
            now = time.time()
            if now - t_status_s >= STATUS_S:
                t_status_s = now
                writer.write(framed(status(node, asked.lat_deg, asked.lon_deg, 0.0)))
            for n in range(asked.flights):
                found = detection(node, n, now, asked.seed, chance)
                if found is not None:
                    writer.write(framed(found))
            await writer.drain()
            await asyncio.sleep(1.0 / asked.rate_hz)
    finally:
        drain.cancel()
        writer.write(framed(status(node, asked.lat_deg, asked.lon_deg, 0.0, over=True)))
        writer.close()
    yield "the other side closed the connection"


def frames_of(frames: Frames, data: bytes) -> bool:
    """The registration is acknowledged. Raises OSError when it is refused."""
    for frame in frames.feed(data):
        message = read(frame)
        if isinstance(message, SapientMessage) and message.HasField("registration_ack"):
            if not message.registration_ack.acceptance:
                raise OSError("; ".join(message.registration_ack.ack_response_reason))
            return True
    return False


async def _pass_over(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


def _message(node: str) -> SapientMessage:
    made = SapientMessage(node_id=node)
    made.timestamp.FromNanoseconds(time.time_ns())
    return made


def registration(node: str, kind: int = Registration.NODE_TYPE_RADAR) -> SapientMessage:
    made = _message(node)
    m = made.registration
    m.node_definition.add(node_type=kind)  # pyright: ignore[reportArgumentType]
    m.icd_version, m.name = ICD_VERSION, "simulated"
    m.capabilities.add(category="Detection", type="Air vehicles")
    second = Registration.Duration(units=Registration.TIME_UNITS_SECONDS, value=STATUS_S)
    m.status_definition.status_interval.CopyFrom(second)
    place = Registration.LocationType(
        location_units=LOC_M, location_datum=loc.LOCATION_DATUM_WGS84_E
    )
    mode = m.mode_definition.add(
        mode_name="Default",
        mode_type=Registration.MODE_TYPE_PERMANENT,
        settle_time=second,
        tracking_type=Registration.TRACKING_TYPE_NONE,
    )
    mode.detection_definition.add(location_type=place)
    region = mode.task.region_definition
    region.region_type.append(Registration.REGION_TYPE_AREA_OF_INTEREST)
    region.region_area.append(place)
    m.config_data.add(manufacturer="vigia", model="simulate --as sapient")
    return made


def status(
    node: str, lat_deg: float, lon_deg: float, alt_hae_m: float, *, over: bool = False
) -> SapientMessage:
    made = _message(node)
    m = made.status_report
    m.report_id, m.mode = ulid(time.time_ns(), random.getrandbits(80)), "Default"
    m.system = StatusReport.SYSTEM_GOODBYE if over else StatusReport.SYSTEM_OK
    m.info = StatusReport.INFO_NEW
    at = m.node_location
    at.x, at.y, at.z = lon_deg, lat_deg, alt_hae_m
    at.coordinate_system, at.datum = LOC_M, loc.LOCATION_DATUM_WGS84_E
    return made


def detection(
    node: str, n: int, now_s: float, seed: int, chance: random.Random
) -> SapientMessage | None:
    """None: out of range."""
    at = flight(n, now_s, seed)
    flat = math.hypot(at.e_m, at.n_m)
    if not 50.0 < flat < RANGE_M:
        return None
    made = _message(node)
    m = made.detection_report
    m.report_id = ulid(time.time_ns(), chance.getrandbits(80))
    m.object_id = ulid(0, seed * 10_000 + n)
    where = m.range_bearing
    where.azimuth = (
        math.degrees(math.atan2(at.e_m, at.n_m)) + chance.gauss(0.0, AZIMUTH_SIGMA_DEG)
    ) % 360.0
    up = math.degrees(math.atan2(at.height_m, flat))
    where.elevation = up + chance.gauss(0.0, ELEVATION_SIGMA_DEG)
    where.range = math.hypot(flat, at.height_m) + chance.gauss(0.0, RANGE_SIGMA_M)
    where.azimuth_error, where.elevation_error = AZIMUTH_SIGMA_DEG, ELEVATION_SIGMA_DEG
    where.range_error = RANGE_SIGMA_M
    where.coordinate_system, where.datum = DEG_M, rb.RANGE_BEARING_DATUM_TRUE
    m.classification.add(type="Air Vehicle", confidence=0.7).sub_class.add(type="UAV", level=1)
    return made
