"""Writes remote_id.pcapng, an invented capture: run from tests/ as samples/make_remote_id.py.

Two radios in one file. Aircraft A: Wi-Fi beacons with packs. Aircraft B: single messages over
NAN and beacon, location before identifier. Aircraft C: Bluetooth 5 coded, then Bluetooth 4.
Between them: a bad CRC, a pack of zero messages, a short element, other people's beacons.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import captures
from vigia.wire import ble, dot11, odid, odid_encode, pcap

HOUR_NS = 3_600_000_000_000
T0_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z, a full hour
A = bytes.fromhex("02a0a0a0a0a0")
B = bytes.fromhex("02b0b0b0b0b0")
C = bytes.fromhex("c2c0c0c0c0c0")


def located(i: int, *, dated: bool = True, airborne: bool = True) -> odid.Location:
    """A second each, north-west at 14 m/s."""
    return odid.Location(
        status=odid.Status.AIRBORNE if airborne else odid.Status.EMERGENCY,
        course_deg_true=315.0,
        speed_mps=14.0,
        climb_mps=-1.5,
        lat_deg=12.0 + i * 9e-5,
        lon_deg=-34.0 - i * 9e-5,
        alt_hae_m=180.0 - i * 1.5,
        height_m=100.0 - i * 1.5,
        sigma_m=4.0,
        alt_sigma_m=5.0,
        speed_sigma_mps=1.0,
        since_hour_ds=6_000 + i * 10 if dated else None,
    )


SERIAL = odid.BasicId(id_type=1, ua_type=2, uas_id=b"VIGIA0TEST0000001".ljust(20, b"\0"))
SYSTEM = odid.System(
    operator_location_type=1,
    classification_type=1,
    category_eu=1,
    class_eu=2,
    area_count=1,
    area_radius_m=0.0,
    lat_deg=12.01,
    lon_deg=-34.01,
    alt_hae_m=90.0,
    t_s=1_767_226_200,
)


def frames() -> list[tuple[int, int, bytes]]:
    """(interface, t_ns, frame)."""
    t = T0_NS + 600_000_000_000
    s = 1_000_000_000
    out: list[tuple[int, int, bytes]] = []
    for i in range(4):
        pack = odid_encode.encode_pack([located(i), SERIAL, SYSTEM])
        beacon = dot11.encode_beacon(address=A, counter=i, payload=pack)
        out.append((0, t + i * s + 200_000_000, captures.radiotap(beacon, rssi_dbm=-50 - i)))
        # the same again half a second later: nothing new
        out.append((0, t + i * s + 700_000_000, captures.radiotap(beacon, rssi_dbm=-50 - i)))
    session = odid.BasicId(id_type=4, ua_type=1, uas_id=b"\x01" + bytes(range(200, 219)))
    for i, message in enumerate((located(9, dated=False), session, located(10, dated=False))):
        info = bytes([i]) + odid_encode.encode(message)
        out.append((0, t + 5 * s + i * s, captures.radiotap(captures.nan_frame(B, info))))
    empty = bytes.fromhex("f21900")
    pack = odid_encode.encode_pack([SERIAL, located(20)])
    out.append(
        (0, t + 9 * s, captures.radiotap(dot11.encode_beacon(address=B, counter=9, payload=empty)))
    )
    out.append(
        (
            0,
            t + 9 * s + 1,
            captures.radiotap(dot11.encode_beacon(address=B, counter=9, payload=pack)[:-5]),
        )
    )
    stranger = dot11.encode_beacon(address=A, counter=0, payload=b"").replace(
        b"\xfa\x0b\xbc\x0d", b"\0\x50\xf2\x04"
    )
    out.append((0, t + 9 * s + 2, captures.radiotap(stranger)))
    pack = odid_encode.encode_pack(
        [SERIAL, located(20), odid.SelfId(description_type=0, description=b"survey")]
    )
    out.append((1, t + 22 * s, captures.nordic_extended(C, pack, counter=1)))
    out.append((1, t + 22 * s + 5, captures.nordic_extended(C, pack, counter=2, crc_ok=False)))
    message = odid_encode.encode(located(23, airborne=False))
    out.append(
        (
            1,
            t + 23 * s,
            ble.encode_nordic_legacy(address=C, counter=3, message=message, crc_ok=True),
        )
    )
    return out


def capture() -> bytes:
    data = captures.section() + captures.interface(pcap.LINK_RADIOTAP, tsresol=9)
    data += captures.interface(pcap.LINK_NORDIC_BLE)
    for index, t_ns, frame in frames():
        data += captures.enhanced(t_ns if index == 0 else t_ns // 1000, frame, index=index)
    return data


if __name__ == "__main__":
    Path(__file__).with_name("remote_id.pcapng").write_bytes(capture())
