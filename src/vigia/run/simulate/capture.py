"""Straight flights -> a pcap of Wi-Fi beacons with Remote ID, byte for byte as a receiver's.

For tests, benches and integrators without hardware: `vigia watch` reads it like any capture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vigia.geo import Site, bearing_deg_true
from vigia.wire import odid
from vigia.wire.dot11 import encode_beacon
from vigia.wire.odid_encode import encode_pack
from vigia.wire.pcap import LINK_DOT11, classic_header, classic_record


class Flight(NamedTuple):
    """From (e, n) of the site, at constant velocity [m, m/s], at a height above the site [m]."""

    serial: str
    e_m: float
    n_m: float
    ve_mps: float
    vn_mps: float
    height_m: float = 60.0


def header() -> bytes:
    return classic_header(LINK_DOT11)


def frames(
    site: Site, flights: Sequence[Flight], *, start_ns: int, seconds: float, hz: float
) -> Iterator[tuple[int, bytes]]:
    """(time, pcap record) in order of time; the flights take turns inside each period."""
    period_ns = int(1e9 / hz)
    for step in range(int(seconds * hz)):
        for k, flight in enumerate(flights):
            t_ns = start_ns + step * period_ns + k * period_ns // len(flights)
            payload = encode_pack(_messages(site, flight, (t_ns - start_ns) / 1e9))
            beacon = encode_beacon(
                address=b"\x02\x00" + k.to_bytes(4, "big"), counter=step % 256, payload=payload
            )
            yield t_ns, classic_record(t_ns=t_ns, frame=beacon)


def _messages(site: Site, flight: Flight, t_s: float) -> list[odid.Message]:
    at = site.to_latlon(
        e_m=flight.e_m + flight.ve_mps * t_s,
        n_m=flight.n_m + flight.vn_mps * t_s,
        u_m=flight.height_m,
    )
    return [
        odid.BasicId(id_type=1, ua_type=2, uas_id=flight.serial.encode()),
        odid.Location(
            status=odid.Status.AIRBORNE,
            course_deg_true=bearing_deg_true(de_m=flight.ve_mps, dn_m=flight.vn_mps),
            speed_mps=(flight.ve_mps**2 + flight.vn_mps**2) ** 0.5,
            climb_mps=0.0,
            lat_deg=at.lat_deg,
            lon_deg=at.lon_deg,
            alt_hae_m=at.alt_hae_m,
            height_m=flight.height_m,
            sigma_m=4.0,
            alt_sigma_m=4.0,
            speed_sigma_mps=0.5,
        ),
    ]
