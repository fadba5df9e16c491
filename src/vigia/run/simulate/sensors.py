"""World -> what its machines report: scans with honest errors, through a lossy network.

Error models: docs/simulation.md. A column is left out where the sensor does not measure it.
"""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from vigia.events import Observation, OperatorSeen, SensorHeard
from vigia.geo import angle_diff_deg, bearing_deg_true
from vigia.run.simulate.broadcast import Fix, Receiver
from vigia.run.simulate.emission import Emission, Look
from vigia.scan import Flag, IdKind, Layout, pack
from vigia.terms import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.geo import Enu
    from vigia.run.simulate.world import Flyer, SimSensor, Span, World

SOUND_MPS = 343.0
PFA_LN = math.log(1e-6)
NOTCH_MPS = 0.7  # a radar does not see what neither comes nor goes
MASK_M = 10.0  # terrain hides what flies lower, beyond MASK_RANGE_M
MASK_RANGE_M = 200.0
SIGMAS = {  # azimuth deg, elevation deg, range m, range rate m/s
    "radar": (1.0, 1.5, 4.0, 0.5),
    "camera": (0.3, 0.3, math.nan, math.nan),
    "rf": (4.0, math.nan, math.nan, math.nan),
    "acoustic": (4.0, 6.0, math.nan, math.nan),
}
LATENCY_S = {
    "radar": (0.15, 0.6), "camera": (0.1, 0.4), "rf": (0.3, 1.5), "acoustic": (0.5, 1.5),
    "remote_id": (0.1, 1.2),
}  # fmt: skip
GPS_BIAS_M = 4.0
RID_SIGMA_M = 10.0
OPERATOR_EVERY_S = 15.0
BEAT_S = 5.0
GARBLED_ROWS = 8  # of one scan, while its link is garbled
COLUMNS = (
    "t_obs_ns", "azimuth_deg_true", "azimuth_sigma_deg", "elevation_deg", "elevation_sigma_deg",
    "range_m", "range_sigma_m", "range_rate_mps", "range_rate_sigma_mps", "flags", "p_drone",
)  # fmt: skip


class _Geometry(NamedTuple):
    azimuth_deg: float
    elevation_deg: float
    range_m: float
    range_rate_mps: float


def machines(world: World) -> list[Emission]:
    """All scans of all sensors as they arrive, not in order."""
    found: list[Emission] = []
    for sensor in world.sensors:
        rng = Random(f"{world.seed}/sensor/{sensor.sensor_id}")
        scans = (
            _remote_id(world, sensor, rng)
            if sensor.kind == "remote_id"
            else _polar(world, sensor, rng)
        )
        for t_s, emission in scans:
            found.extend(_carry(world, sensor, rng, t_s, emission))
        for t_s in _beats(world):
            heard = SensorHeard(sensor_id=sensor.sensor_id, t_obs_ns=world.ns(t_s))
            sent = Emission(t_s, sensor.sensor_id, heard)
            found.extend(_carry(world, sensor, rng, t_s, sent))
    return found


def _beats(world: World) -> Iterator[float]:
    t = world.until_s
    while t < world.alive_s:
        yield t
        t += BEAT_S


def is_down(spans: tuple[Span, ...], t_s: float) -> bool:
    return any(a <= t_s < b for a, b in spans)


def shown_by(flyer: Flyer, sensor: SimSensor) -> bool:
    """False for what exists only in other sensors' output: a forged broadcast, an artefact."""
    return flyer.only_by is None or sensor.sensor_id in flyer.only_by


def _carry(
    world: World, sensor: SimSensor, rng: Random, t_s: float, sent: Emission
) -> Iterator[Emission]:
    """One message through the network: lost, late, twice, or as it should be."""
    net = world.network
    if sensor.dies_s is not None and t_s >= sensor.dies_s:
        return
    if is_down(sensor.link_down, t_s) or rng.random() < net.loss:
        return
    copies = 2 if rng.random() < net.duplicate else 1
    for _ in range(copies):
        delay = rng.uniform(*LATENCY_S[sensor.kind])
        if rng.random() < net.straggler:
            delay += rng.uniform(2.0, 8.0)
        yield Emission(t_s + delay, sent.source, sent.body, sent.looks)


def _times(world: World, sensor: SimSensor) -> Iterator[float]:
    t = sensor.phase_s
    while t < world.until_s:
        yield t
        t += sensor.period_s


# ---- angles and ranges ---------------------------------------------------------------------------


def _polar(world: World, sensor: SimSensor, rng: Random) -> Iterator[tuple[float, Emission]]:
    faded_until: dict[str, float] = {}
    for t in _times(world, sensor):
        rows: list[tuple[float, ...]] = []
        looks: list[Look] = []
        t_obs_ns = world.ns(t + sensor.clock_skew_s)
        for flyer in world.flyers:
            if not (flyer.path.exists(t) and shown_by(flyer, sensor)):
                continue
            if rng.random() < 0.03:  # misses come in runs: aspect, multipath
                faded_until[flyer.flyer_id] = t + rng.uniform(1.5, 3.5)
            row = _look(sensor, flyer, t, rng)
            if row is not None and t >= faded_until.get(flyer.flyer_id, 0.0):
                rows.append((t_obs_ns, *row))
                looks.append(Look(sensor.sensor_id, sensor.kind, flyer.flyer_id, t, sensor.healthy))
        if rng.random() < sensor.clutter:
            rows.append((t_obs_ns, *_clutter(sensor, rng)))
        if is_down(sensor.garbled, t):
            rows = [(t_obs_ns, *_clutter(sensor, rng)) for _ in range(GARBLED_ROWS)]
            looks = []
        if rows:
            columns = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
            body = Observation(sensor_id=sensor.sensor_id, scan=pack(Layout.POLAR_1, columns))
            yield t, Emission(t, sensor.sensor_id, body, tuple(looks))
        elif int(t) % 5 == 0:
            heard = SensorHeard(sensor_id=sensor.sensor_id, t_obs_ns=t_obs_ns)
            yield t, Emission(t, sensor.sensor_id, heard)


def _look(sensor: SimSensor, flyer: Flyer, t: float, rng: Random) -> tuple[float, ...] | None:
    """One row without its time; None: not detected."""
    g = _geometry(sensor.at, flyer, t)
    if sensor.kind == "acoustic":
        g = _geometry(sensor.at, flyer, t - g.range_m / SOUND_MPS)
    if g.range_m > sensor.range_m or rng.random() >= _p_detect(sensor, flyer, g, t):
        return None
    sa, se, sr, sv = SIGMAS[sensor.kind]
    azimuth = g.azimuth_deg + rng.gauss(0.0, sa)
    if sensor.kind == "acoustic" and rng.random() < 0.15:
        azimuth = rng.uniform(0.0, 360.0)  # an echo
    if sensor.kind == "camera" and abs(angle_diff_deg(azimuth, sensor.boresight_deg)) > 30.0:
        return None
    has_range = not math.isnan(sr)
    return (
        azimuth % 360.0,
        sa,
        math.nan if math.isnan(se) else g.elevation_deg + rng.gauss(0.0, se),
        se,
        g.range_m + rng.gauss(0.0, sr) if has_range else math.nan,
        sr,
        g.range_rate_mps + rng.gauss(0.0, sv) if has_range else math.nan,
        sv,
        int(Flag.HEARD if sensor.kind == "acoustic" else Flag.NONE),
        _believes(sensor, flyer, rng),
    )


def _believes(sensor: SimSensor, flyer: Flyer, rng: Random) -> float:
    """What a sensor that classifies says now and then; it is wrong once in five times."""
    if not sensor.classifies or rng.random() > 0.3:
        return math.nan
    right = rng.random() < 0.8
    return 0.8 if (flyer.kind == "drone") == right else 0.2


def _geometry(at: Enu, flyer: Flyer, t: float) -> _Geometry:
    p, v = flyer.path.at(t), flyer.path.velocity(t)
    e, n, u = p.e_m - at.e_m, p.n_m - at.n_m, p.u_m - at.u_m
    flat = math.hypot(e, n)
    r = max(1.0, math.hypot(flat, u))
    return _Geometry(
        bearing_deg_true(de_m=e, dn_m=n),
        math.degrees(math.atan2(u, max(flat, 0.1))),
        r,
        (e * v.e_m + n * v.n_m + u * v.u_m) / r,
    )


def _p_detect(sensor: SimSensor, flyer: Flyer, g: _Geometry, t: float) -> float:
    """Chance of one look. Radar: Swerling 1, signal falling with the fourth power of range."""
    if flyer.path.at(t).u_m < MASK_M and g.range_m > MASK_RANGE_M and sensor.kind != "rf":
        return 0.0
    if sensor.kind == "rf":
        return 0.8 if flyer.emits_rf else 0.0
    if sensor.kind == "acoustic":
        return 0.6 if flyer.kind == "drone" else 0.0
    if sensor.kind == "camera":
        return 0.8
    size = {"drone": 1.0, "bird": 0.3, "aircraft": 300.0}[flyer.kind]
    snr = 130.0 * size * (0.7 * sensor.range_m / g.range_m) ** 4
    p = math.exp(PFA_LN / (1.0 + snr))
    return p * 0.2 if abs(g.range_rate_mps) < NOTCH_MPS else p


def _clutter(sensor: SimSensor, rng: Random) -> tuple[float, ...]:
    sa, se, sr, sv = SIGMAS[sensor.kind]
    return (
        rng.uniform(0.0, 360.0), sa,
        math.nan if math.isnan(se) else rng.uniform(0.0, 25.0), se,
        math.nan if math.isnan(sr) else sensor.range_m * math.sqrt(rng.uniform(0.01, 1.0)), sr,
        math.nan if math.isnan(sv) else rng.gauss(0.0, 6.0), sv,
        int(Flag.HEARD if sensor.kind == "acoustic" else Flag.NONE), math.nan,
    )  # fmt: skip


# ---- stated positions ----------------------------------------------------------------------------


def _remote_id(world: World, sensor: SimSensor, rng: Random) -> Iterator[tuple[float, Emission]]:
    """Half of the receivers run the real adapter on real bytes, the others write the rows."""
    receiver = Receiver(sensor.sensor_id) if rng.random() < 0.5 else None
    bias = {
        f.flyer_id: (rng.gauss(0.0, GPS_BIAS_M), rng.gauss(0.0, GPS_BIAS_M)) for f in world.flyers
    }
    told: dict[str, float] = {}
    for t in _times(world, sensor):
        fixes: list[Fix] = []
        looks: list[Look] = []
        for flyer in world.flyers:
            if flyer.serial is None or not (flyer.path.exists(t) and shown_by(flyer, sensor)):
                continue
            if _geometry(sensor.at, flyer, t).range_m > sensor.range_m or rng.random() > 0.75:
                continue
            looks.append(Look(sensor.sensor_id, "remote_id", flyer.flyer_id, t, sensor.healthy))
            fixes.append(_fix(world, flyer, t, bias[flyer.flyer_id], rng))
        t_ns = world.ns(t + sensor.clock_skew_s)
        if receiver is not None:
            for fix, look in zip(fixes, looks, strict=True):
                for body in receiver.hear(fix, t_ns=t_ns):
                    seen = (look,) if isinstance(body, Observation) else ()
                    yield t, Emission(t, sensor.sensor_id, body, seen)
            continue
        for fix, look in zip(fixes, looks, strict=True):
            if t - told.get(look.flyer_id, -math.inf) > OPERATOR_EVERY_S:
                told[look.flyer_id] = t
                yield t, Emission(t, sensor.sensor_id, _operator(sensor, fix, t_ns))
        if fixes:
            rows = [_place_row(fix) for fix in fixes]
            columns: dict[str, list[object]] = {k: [row[k] for row in rows] for k in rows[0]}
            columns["t_obs_ns"] = [t_ns] * len(rows)
            body = Observation(sensor_id=sensor.sensor_id, scan=pack(Layout.PLACE_1, columns))
            yield t, Emission(t, sensor.sensor_id, body, tuple(looks))


def _fix(world: World, flyer: Flyer, t: float, bias: tuple[float, float], rng: Random) -> Fix:
    p, v = flyer.path.at(t), flyer.path.velocity(t)
    e, n = p.e_m + bias[0] + rng.gauss(0.0, 1.5), p.n_m + bias[1] + rng.gauss(0.0, 1.5)
    start = flyer.path.points[0]
    return Fix(
        serial=flyer.serial or "",
        place=world.site.to_latlon(e_m=e, n_m=n, u_m=p.u_m + rng.gauss(0.0, 4.0)),
        height_m=p.u_m,
        speed_mps=max(0.0, math.hypot(v.e_m, v.n_m) + rng.gauss(0.0, 0.3)),
        course_deg=bearing_deg_true(de_m=v.e_m, dn_m=v.n_m),
        climb_mps=v.u_m,
        pilot=world.site.to_latlon(e_m=start.e_m, n_m=start.n_m, u_m=0.0),
    )


def _place_row(fix: Fix) -> dict[str, object]:
    return {
        "lat_deg": fix.place.lat_deg,
        "lon_deg": fix.place.lon_deg,
        "alt_hae_m": fix.place.alt_hae_m,
        "height_m": fix.height_m,
        "sigma_m": RID_SIGMA_M,
        "alt_sigma_m": 15.0,
        "speed_mps": fix.speed_mps,
        "course_deg_true": fix.course_deg,
        "climb_mps": fix.climb_mps,
        "speed_sigma_mps": 1.0,
        "p_drone": 0.9,
        "flags": int(Flag.AIRBORNE),
        "id_kind": int(IdKind.SERIAL),
        "ua_type": 2,
        "identity": fix.serial.encode(),
    }


def _operator(sensor: SimSensor, fix: Fix, t_ns: int) -> OperatorSeen:
    where = Position(fix.pilot.lat_deg, fix.pilot.lon_deg)
    return OperatorSeen(
        sensor_id=sensor.sensor_id, uas_id=fix.serial, t_obs_ns=t_ns, position=where
    )
