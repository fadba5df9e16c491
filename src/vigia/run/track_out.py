"""Emitted tracks -> a CSV file as it goes, or a COURAGEOUS log at the end.

The CSV is docs/track-files.md's; a log holds what is confirmed, one unbroken stretch a track set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

import numpy as np

from vigia.run.settings import SettingsError
from vigia.run.track_emit import CONFIRMED, EMIT_NS
from vigia.run.track_table import module
from vigia.wire.courageous import (
    VERSION,
    Alarm,
    Classification,
    Log,
    Place,
    Position3d,
    TrackRecord,
    TrackSet,
    Velocity,
    encode,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vigia.geo import Site
    from vigia.run.track_emit import Emitted

COLUMNS = ("t", "t_emit", "track_id", "x", "y", "z", "vx", "vy", "vz", "cls", "status")
CSV, LOG = ".csv", ".json"
DECIMALS = 3  # millimetres
BATCH_ROWS = 20_000  # rows held before they are written
BREAK_NS = 5 * EMIT_NS  # a track not told for longer is broken; it goes on under its uas_id


class TrackOut(Protocol):
    def add(self, emitted: Emitted) -> None: ...

    def close(self) -> None: ...


def open_out(path: Path, site: Site, t0_ns: int) -> TrackOut:
    """By the name's ending. Raises SettingsError when the file cannot be made."""
    kind = path.suffix.lower()
    if kind not in ("", CSV, LOG):
        raise SettingsError(f"--out {path}: got {kind}, need a name that ends in {CSV} or {LOG}")
    try:
        file = path.open("wb")
    except OSError as e:
        raise SettingsError(
            f"--out {path}: cannot be written ({e.strerror}); check the path"
        ) from e
    if kind == LOG:
        return CourageousOut(file, site, t0_ns)
    return CsvOut(file, t0_ns)


class CsvOut:
    """One row a track and emission, in the order of emission."""

    def __init__(self, file: BinaryIO, t0_ns: int) -> None:
        self._file = file
        self._t0_ns = t0_ns
        self._held: list[Emitted] = []
        self._rows = 0
        self._file.write(",".join(COLUMNS).encode() + b"\n")

    def add(self, emitted: Emitted) -> None:
        if emitted.track_id:
            self._held.append(emitted)
        self._rows += len(emitted.track_id)
        if self._rows >= BATCH_ROWS:
            self._write()

    def close(self) -> None:
        self._write()
        self._file.close()

    def _write(self) -> None:
        if not self._rows:
            return
        arrow, csv = module("pyarrow"), module("pyarrow.csv")
        held, n = self._held, [len(e.track_id) for e in self._held]
        t = np.repeat(_rounded(np.array([e.t_ns - self._t0_ns for e in held]) / 1e9), n)
        x = _rounded(np.concatenate([e.x for e in held]))
        words = ([w for e in held for w in e.cls], [w for e in held for w in e.status])
        ids = [i for e in held for i in e.track_id]
        empty = [arrow.array(column, from_pandas=True) for column in x.T]  # NaN: no value
        columns = [t, t, ids, *empty, *words]
        table = arrow.table(dict(zip(COLUMNS, columns, strict=True)))
        plain = csv.WriteOptions(include_header=False, quoting_style="none")
        csv.write_csv(table, self._file, plain)
        self._held, self._rows = [], 0


class CourageousOut:
    """time: the input's clock in milliseconds, which is Unix time only if the input's was."""

    def __init__(self, file: BinaryIO, site: Site, t0_ns: int) -> None:
        self._file = file
        self._site = site
        self._t0_ns = t0_ns
        self._uas_id: dict[str, int] = {}
        self._open: dict[str, tuple[int, list[TrackRecord]]] = {}  # last told, its records
        self._sets: list[tuple[str, list[TrackRecord]]] = []
        self._records = 0

    def add(self, emitted: Emitted) -> None:
        x = emitted.x
        places = self._site.columns_to_latlon(x[:, :3]).tolist()
        moves = _rounded(x[:, 3:]).tolist()
        for i, track_id in enumerate(emitted.track_id):
            if emitted.status[i] != CONFIRMED or not np.isfinite(x[i, 0]):
                continue
            lat, lon, height = places[i]
            east, north, up = moves[i]
            drone = emitted.cls[i] in ("drone", "own")
            self._stretch(track_id, emitted.t_ns).append(
                TrackRecord(
                    time_ms=round((emitted.t_ns - self._t0_ns) / 1e6),
                    record_number=self._records,
                    classification=Classification.UAV if drone else Classification.OTHER,
                    alarm=Alarm(active=drone, certainty=round(emitted.certainty[i], 3)),
                    location=Position3d(
                        lat_deg=round(lat, 8), lon_deg=round(lon, 8), height_amsl_m=round(height, 3)
                    ),
                    velocity=Velocity(east_mps=east, north_mps=north, up_mps=up),
                )
            )
            self._records += 1

    def close(self) -> None:
        origin = self._site.origin
        log = Log(
            version=VERSION,
            vendor_name="vigia",
            system_name="vigia",
            static_cuas_location=Place(
                lat_deg=origin.lat_deg, lon_deg=origin.lon_deg, height_amsl_m=origin.alt_hae_m
            ),
            detection=(),
            tracks=tuple(
                TrackSet(uas_id=self._uas_id[name], name=name, records=tuple(records))
                for name, records in self._sets
            ),
        )
        with self._file:
            self._file.write(encode(log))

    def _stretch(self, track_id: str, t_ns: int) -> list[TrackRecord]:
        """The records of the track's unbroken stretch that is going on, or of a new one."""
        held = self._open.get(track_id)
        if held is not None and t_ns - held[0] <= BREAK_NS:
            records = held[1]
        else:
            records: list[TrackRecord] = []
            self._sets.append((track_id, records))
            self._uas_id.setdefault(track_id, len(self._uas_id) + 1)
        self._open[track_id] = (t_ns, records)
        return records


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(values, DECIMALS) + 0.0  # + 0.0: no -0.0
