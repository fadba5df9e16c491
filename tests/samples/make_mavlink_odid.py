"""Makes mavlink_odid.bin with pymavlink: frames, the same with CRLF damage, garbage."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

os.environ["MAVLINK20"] = "1"

from pymavlink.dialects.v20 import common  # pyright: ignore[reportMissingTypeStubs]

from vigia.wire import odid, odid_encode


def clean() -> bytes:
    out = io.BytesIO()
    send: Any = common.MAVLink(out, srcSystem=7, srcComponent=1)
    mac = list(b"\x02\x00\x00\x00\x00\x01" + bytes(14))
    send.heartbeat_send(18, 0, 0, 0, 0)
    send.open_drone_id_basic_id_send(0, 0, mac, 1, 2, list(b"TEST00000000010".ljust(20, b"\0")))
    for k in range(3):
        lat = 317_900_000 + k * 1_000
        send.open_drone_id_location_send(
            0, 0, mac, 2, 4_500, 1_250, -100, lat, -1_067_500_000, 1_200.0, 1_290.0, 1, 85.0,
            10, 4, 3, 3, 696.0 + k, 2,
        )  # fmt: skip
    send.open_drone_id_system_send(
        0, 0, mac, 0, 0, 318_000_000, -1_067_600_000, 1, 0, -1_000, -1_000, 0, 0, -1_000, 0
    )
    where = odid.Location(
        status=2, lat_deg=31.795, lon_deg=-106.755, alt_hae_m=1_250.0, speed_mps=5.0,
        course_deg_true=200.0,
    )  # fmt: skip
    name = odid.BasicId(id_type=1, ua_type=2, uas_id=b"TEST00000000011")
    pack = odid_encode.encode_pack([name, where])[3:]
    other = list(b"\x02\x00\x00\x00\x00\x02" + bytes(14))
    send.open_drone_id_message_pack_send(0, 0, other, 25, 2, list(pack.ljust(225, b"\0")))
    return out.getvalue()


def damaged(data: bytes) -> bytes:
    """What a text console does to a line feed."""
    return data.replace(b"\n", b"\r\n")


if __name__ == "__main__":
    data = clean() + b"\xfd\x09" + damaged(clean()) + b"garbage\xfd"
    Path(__file__).with_name("mavlink_odid.bin").write_bytes(data)
