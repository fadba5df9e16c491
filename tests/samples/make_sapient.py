"""Makes sapient.bin: what an invented radar, camera and fusion node would send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import json_format
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from vigia.wire.sapient import framed

T_S = 1_767_226_300  # T_NS of tests/test_sensors_contract.py
RADAR = "0b5a6c00-53b3-4a2e-9d3c-8f9a51e60001"
CAMERA = "1c5a6c00-53b3-4a2e-9d3c-8f9a51e60002"
FUSION = "2d5a6c00-53b3-4a2e-9d3c-8f9a51e60003"
ULID = "01KDW0000000000000000000"
RADIANS_KM = "RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_KM"
DEGREES_M = "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M"


def message(node: str, at_ms: int, **content: Any) -> SapientMessage:
    """at_ms: before T_S."""
    made = SapientMessage(node_id=node)
    made.timestamp.FromMilliseconds(T_S * 1000 - at_ms)
    json_format.ParseDict(content, made)
    return made


def registration(kind: str, tracking: str = "TRACKING_TYPE_NONE") -> dict[str, Any]:
    location = {
        "locationUnits": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M",
        "locationDatum": "LOCATION_DATUM_WGS84_E",
    }
    seconds = {"units": "TIME_UNITS_SECONDS", "value": 1.0}
    mode = {
        "modeName": "Default",
        "modeType": "MODE_TYPE_PERMANENT",
        "settleTime": seconds,
        "trackingType": tracking,
        "detectionDefinition": [{"locationType": location}],
        "task": {
            "regionDefinition": {
                "regionType": ["REGION_TYPE_AREA_OF_INTEREST"],
                "regionArea": [location],
            }
        },
    }
    return {
        "nodeDefinition": [{"nodeType": kind}],
        "icdVersion": "BSI Flex 335 v2.0",
        "name": "invented",
        "capabilities": [{"category": "Detection", "type": "Air"}],
        "statusDefinition": {"statusInterval": seconds},
        "modeDefinition": [mode],
        "configData": [{"manufacturer": "nobody", "model": "invented"}],
    }


def status(n: int, lat: float, lon: float, alt: float, system: str = "SYSTEM_OK") -> dict[str, Any]:
    where = {
        "x": lon, "y": lat, "z": alt,
        "coordinateSystem": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M",
        "datum": "LOCATION_DATUM_WGS84_E",
    }  # fmt: skip
    return {
        "reportId": f"{ULID}{n:02d}",
        "system": system,
        "info": "INFO_NEW",
        "mode": "Default",
        "nodeLocation": where,
    }


def detection(n: int, **where: Any) -> dict[str, Any]:
    return {"reportId": f"{ULID}{n:02d}", "objectId": f"{ULID}{50 + n % 3:02d}", **where}


def bearing(azimuth: float, system: str, datum: str, **more: float) -> dict[str, Any]:
    datum = f"RANGE_BEARING_DATUM_{datum}"
    return {
        "rangeBearing": {"azimuth": azimuth, "coordinateSystem": system, "datum": datum, **more}
    }


def messages() -> list[SapientMessage]:
    drone = [{"type": "Air Vehicle", "confidence": 0.7, "subClass": [{"type": "UAV", "level": 1}]}]
    place = {
        "x": 334_278.0, "y": 3_518_636.0, "z": 1290.0, "xError": 8.0, "yError": 6.0,
        "coordinateSystem": "LOCATION_COORDINATE_SYSTEM_UTM_M", "datum": "LOCATION_DATUM_WGS84_G",
        "utmZone": "13R",
    }  # fmt: skip
    velocity = {"eastRate": 3.0, "northRate": -4.0, "upRate": 0.5}
    radar, camera = "NODE_TYPE_RADAR", "NODE_TYPE_CAMERA"
    polar = bearing(0.5, RADIANS_KM, "TRUE", range=1.5, rangeError=0.004, azimuthError=0.017)
    wrong = message(RADAR, 700, detectionReport=detection(7, **bearing(10.0, DEGREES_M, "TRUE")))
    wrong.detection_report.report_id = "seven"
    return [
        message(RADAR, 5_000, registration=registration(radar, "TRACKING_TYPE_TRACK")),
        message(RADAR, 4_900, statusReport=status(1, 31.79, -106.75, 1215.0)),
        message(RADAR, 4_000, detectionReport=detection(3, classification=drone, **polar)),
        message(RADAR, 3_000, detectionReport=detection(3, enuVelocity=velocity, **polar)),
        message(CAMERA, 2_900, registration=registration(camera)),
        message(CAMERA, 2_800, statusReport=status(2, 31.80, -106.76, 1220.0)),
        message(
            CAMERA, 2_700, detectionReport=detection(4, **bearing(350.0, DEGREES_M, "MAGNETIC"))
        ),
        message(CAMERA, 2_600, detectionReport=detection(5, **bearing(10.0, DEGREES_M, "GRID"))),
        message(
            CAMERA, 2_500, detectionReport=detection(6, **bearing(10.0, DEGREES_M, "PLATFORM"))
        ),
        message(FUSION, 1_000, registration=registration("NODE_TYPE_FUSION_NODE")),
        message(FUSION, 900, detectionReport=detection(8, location=place, enuVelocity=velocity)),
        wrong,
        message(
            RADAR,
            600,
            alert={"alertId": f"{ULID}09", "description": "antenna is iced", "priority": 3},
        ),
        message(CAMERA, 500, statusReport=status(10, 31.80, -106.76, 1220.0, "SYSTEM_GOODBYE")),
    ]


if __name__ == "__main__":
    stream = b"".join(framed(one) for one in messages())
    Path(__file__).with_name("sapient.bin").write_bytes(stream)
