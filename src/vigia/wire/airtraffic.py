"""What ADS-B decoders write: an aircraft of readsb's or dump1090's `aircraft.json`, an SBS-1 line.

Field meanings: readsb's README-json.md; SBS-1 as dump1090 writes it on port 30003. Feet, knots and
feet a minute become metres and metres a second here and nowhere else.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import msgspec

from vigia.wire.advert import Refused

FOOT_M = 0.3048
KNOT_MPS = 1852.0 / 3600.0
FPM_MPS = FOOT_M / 60.0
ALT_MAX_M = 30_000.0
ALT_MIN_M = -1_000.0
SPEED_MAX_MPS = 700.0
# DO-260B: navigation accuracy category -> bound that holds 95 % [m]; 2.45 of its sigmas
_NAC_P_M = {11: 3.0, 10: 10.0, 9: 30.0, 8: 92.6, 7: 185.2, 6: 555.6, 5: 926.0, 4: 1852.0}
_GVA_M = {2: 45.0, 1: 150.0}
_NAC_V_MPS = {4: 0.3, 3: 1.0, 2: 3.0, 1: 10.0}
_SIGMA_M = 100.0  # of who states no accuracy
_MLAT_SIGMA_M = 250.0
EMERGENCIES = frozenset({"7500", "7600", "7700"})


class Aircraft(msgspec.Struct, frozen=True, kw_only=True):
    """One aircraft's state; unknown is NaN. age_s: of the position, before the document's time."""

    address: str  # ICAO address, six hex digits; "~" before it: no ICAO address
    lat_deg: float
    lon_deg: float
    age_s: float = 0.0
    alt_hae_m: float = math.nan
    alt_baro_m: float = math.nan
    sigma_m: float = math.nan
    alt_sigma_m: float = math.nan
    speed_mps: float = math.nan
    course_deg_true: float = math.nan
    climb_mps: float = math.nan
    speed_sigma_mps: float = math.nan
    rssi_dbm: float = math.nan
    ground: bool = False
    emergency: bool = False
    unmanned: bool = False  # emitter category B6


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `aircraft.json`, as lenient as its writers are."""

    hex: str
    lat: float | None = None
    lon: float | None = None
    seen_pos: float | None = None
    alt_geom: float | str | None = None
    alt_baro: float | str | None = None
    altitude: float | str | None = None  # dump1090-mutability
    gs: float | None = None
    speed: float | None = None
    track: float | None = None
    geom_rate: float | None = None
    baro_rate: float | None = None
    vert_rate: float | None = None
    nac_p: int | None = None
    nac_v: int | None = None
    gva: int | None = None
    category: str | None = None
    emergency: str | None = None
    squawk: str | None = None
    rssi: float | None = None
    mlat: list[str] = []


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """now: seconds since 1970 when the document was written."""

    now: float
    aircraft: list[Listed]
    messages: float | None = None


class _Loose(msgspec.Struct, frozen=True, kw_only=True):
    now: float
    aircraft: list[msgspec.Raw]


_decode = msgspec.json.Decoder(Document, strict=False).decode
_decode_loose = msgspec.json.Decoder(_Loose, strict=False).decode
_decode_one = msgspec.json.Decoder(Listed, strict=False).decode


def decode_document(data: bytes) -> tuple[float, list[Listed | Refused]]:
    """now and the entries; one entry of a wrong type is refused alone.

    Raises msgspec.DecodeError (or UnicodeDecodeError) when it is no such document.
    """
    try:
        found = _decode(data)
        return found.now, [*found.aircraft]
    except msgspec.ValidationError:
        loose = _decode_loose(data)
    out: list[Listed | Refused] = []
    for raw in loose.aircraft:
        try:
            out.append(_decode_one(raw))
        except msgspec.ValidationError as e:
            out.append(Refused(code="entry", what=f"aircraft: {e}"[:200]))
    return loose.now, out


def of_listed(item: Listed | Refused) -> Aircraft | Refused | None:
    """None: it has no position, which is normal."""
    if isinstance(item, Refused):
        return item
    if item.lat is None or item.lon is None:
        return None
    address = _address(item.hex)
    if address is None:
        return Refused(code="address", what=f"aircraft: address {item.hex[:12]!r} is not six hex")
    baro = item.alt_baro if item.alt_baro is not None else item.altitude
    climb = item.geom_rate if item.geom_rate is not None else item.baro_rate
    climb = climb if climb is not None else item.vert_rate
    mlat = "lat" in item.mlat
    sigma = _MLAT_SIGMA_M if mlat else _NAC_P_M.get(item.nac_p or 0, _SIGMA_M * 2.45) / 2.45
    found = Aircraft(
        address=address,
        lat_deg=item.lat,
        lon_deg=item.lon,
        age_s=item.seen_pos or 0.0,
        alt_hae_m=_times(item.alt_geom, FOOT_M),
        alt_baro_m=_times(baro, FOOT_M),
        sigma_m=sigma,
        alt_sigma_m=_GVA_M.get(item.gva or 0, math.nan) / 1.96,
        speed_mps=_times(item.gs if item.gs is not None else item.speed, KNOT_MPS),
        course_deg_true=_times(item.track, 1.0),
        climb_mps=_times(climb, FPM_MPS),
        speed_sigma_mps=_NAC_V_MPS.get(item.nac_v or 0, math.nan) / 2.45,
        rssi_dbm=_times(item.rssi, 1.0),
        ground=baro == "ground",
        emergency=item.squawk in EMERGENCIES or item.emergency not in (None, "none"),
        unmanned=item.category == "B6",
    )
    return check(found)


def check(found: Aircraft) -> Aircraft | Refused:
    """What no aircraft can be is refused, with the reason."""
    lat, lon = found.lat_deg, found.lon_deg
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0) or (lat == 0.0 and lon == 0.0):
        return Refused(code="position", what=f"aircraft {found.address}: no such place")
    for alt in (found.alt_hae_m, found.alt_baro_m):
        if alt < ALT_MIN_M or alt > ALT_MAX_M:
            what = f"aircraft {found.address}: altitude {alt:.0f} m is impossible"
            return Refused(code="altitude", what=what)
    if found.speed_mps < 0.0 or found.speed_mps > SPEED_MAX_MPS:
        what = f"aircraft {found.address}: speed {found.speed_mps:.0f} m/s is impossible"
        return Refused(code="speed", what=what)
    return found


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One SBS-1 message; NaN and None where it says nothing.

    t_zone_ns: its stamp as if it were UTC; decoders write it in a zone they do not name."""

    address: str
    kind: int
    t_zone_ns: int | None
    alt_baro_m: float
    speed_mps: float
    course_deg_true: float
    lat_deg: float
    lon_deg: float
    climb_mps: float
    emergency: bool
    ground: bool


SBS_FIELDS = 22


def of_sbs(line: bytes) -> Line | Refused | None:
    """None: a kind of line that tells no state (SEL, ID, AIR, STA, CLK)."""
    parts = line.decode("ascii", "replace").strip().split(",")
    if parts[0] in ("SEL", "ID", "AIR", "STA", "CLK"):
        return None
    if parts[0] != "MSG" or len(parts) < SBS_FIELDS:
        what = f"SBS line: got {parts[0][:8]!r} with {len(parts)} fields; need MSG with 22"
        return Refused(code="sbs_line", what=what)
    address = _address(parts[4])
    if address is None or not parts[1].isdecimal() or len(parts[1]) != 1:
        return Refused(code="sbs_line", what="SBS line: no message kind or address")
    try:
        numbers = [float(p) if p.strip() else math.nan for p in (*parts[11:17],)]
    except ValueError:
        return Refused(code="sbs_line", what=f"SBS line: {parts[11:17]} are not numbers")
    alt, speed, course, lat, lon, climb = numbers
    return Line(
        address=address,
        kind=int(parts[1]),
        t_zone_ns=_zone_ns(parts[6], parts[7]),
        alt_baro_m=alt * FOOT_M,
        speed_mps=speed * KNOT_MPS,
        course_deg_true=course,
        lat_deg=lat,
        lon_deg=lon,
        climb_mps=climb * FPM_MPS,
        emergency=parts[17].strip() in EMERGENCIES or parts[19].strip() in ("-1", "1"),
        ground=parts[21].strip() in ("-1", "1"),
    )


def _zone_ns(date: str, time: str) -> int | None:
    """YYYY/MM/DD and HH:MM:SS.mmm -> ns since 1970, as if they were UTC."""
    try:
        text = f"{date.strip()} {time.strip()} +0000"
        at = datetime.strptime(text, "%Y/%m/%d %H:%M:%S.%f %z")
    except ValueError:
        return None
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000


def _address(text: str) -> str | None:
    mark, bare = ("~", text[1:]) if text.startswith("~") else ("", text)
    bare = bare.strip().upper()
    good = len(bare) == 6 and all(c in "0123456789ABCDEF" for c in bare) and bare != "000000"
    return mark + bare if good else None


def _times(value: float | str | None, factor: float) -> float:
    return math.nan if value is None or isinstance(value, str) else value * factor
