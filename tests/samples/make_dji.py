"""Makes dji_beacon.pcap (Wi-Fi beacons) and dji_antsdr.bin (a receiver's output), invented."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import captures
from vigia.wire import dji, dot11

NOW_NS = 1_767_226_300_000_000_000  # T_NS of tests/test_sensors_contract.py


def beacon(n: int, lat: float, **more: object) -> dji.Beacon:
    known = {
        "serial": f"TESTDJI{n:06}", "lat_deg": lat, "lon_deg": -106.75, "speed_mps": 12.5,
        "course_deg_true": 225.0, "climb_mps": -1.0, "airborne": True, "operator": (31.8, -106.76),
    }  # fmt: skip
    return dji.Beacon(**{**known, **more})  # pyright: ignore[reportArgumentType]


def elements() -> list[bytes]:
    first = dji.encode(beacon(1, 31.79), 1)
    v1 = first[:7] + b"\x01" + first[8:]
    purpose = first[:6] + b"\x11" + first[7:]
    unplaced = dji.encode(beacon(2, 0.0, lon_deg=0.0, operator=None))
    stranger = b"\x00\x50\xf2\x01" + bytes(20)
    return [
        first, dji.encode(beacon(1, 31.7901), 2), v1, purpose, unplaced, stranger, first[:40],
        first[:7] + b"\x09" + first[8:], dji.encode(beacon(3, 31.78, serial="")),
        dji.encode(beacon(4, 31.77, operator=None, speed_mps=None)),
    ]  # fmt: skip


def frame(n: int, lat: float, lon: float = -106.75, serial: str = "TESTSDR{:05}") -> bytes:
    body = struct.pack(
        "<64s64sB12dh", serial.format(n).encode(), b"DJI Mini 2", 63, 31.8, -106.76, lat, lon,
        40.0, 900.0, 31.81, -106.77, 5756.5, -8.0, 8.0, 0.5, -74,
    )  # fmt: skip
    return b"\xaa\x55\x01" + struct.pack("<H", 5 + len(body)) + body


def lines() -> list[bytes]:
    good = (
        b"dji_O,2/3,5756.5,-72,DJI Mini 2(63),TESTLINE000001,-106.75,31.76,-106.76,31.8,"
        b"-106.77,31.81,90.0|40.0,-850.0|850.0|-100.0,1;"
    )
    encrypted = b"dji_O,4,5776.5,-80,dji(15529374),,0,0,0,0,0,0,0|0,0|0|0;"
    unplaced = good.replace(b"31.76", b"0.0").replace(b"-106.75", b"0.0")
    return [good, good.replace(b"31.76", b"31.7601"), encrypted, unplaced, b"dji_O,2/3,short;"]


def main(folder: Path) -> None:
    records = [
        (NOW_NS + k * 100_000_000, dot11.encode_vendor(bytes((2, 0, 0, 0, 6, k)), value))
        for k, value in enumerate(elements())
    ]
    records.append((NOW_NS + 2_000_000_000, bytes.fromhex("d000") + bytes(40)))
    capture = captures.classic(records, linktype=105, nanos=True)
    (folder / "dji_beacon.pcap").write_bytes(capture)
    out = [frame(1, 31.79), frame(2, 31.78), frame(1, 31.7901), frame(3, 999.0)]
    out.append(frame(4, 31.7, serial=""))
    data = b"".join(out) + b"\x01garbage\r\n" + b"\r\n".join(lines()) + b"\r\n" + frame(5, 31.74)
    (folder / "dji_antsdr.bin").write_bytes(data + frame(6, 31.73)[:60])


if __name__ == "__main__":
    main(Path(__file__).parent)
