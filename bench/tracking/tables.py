"""Parquet, CSV or C-UAS JSON file -> columns by name (NumPy), and columns -> Parquet or CSV."""

from __future__ import annotations

import csv
import importlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Columns = dict[str, Column]
ABSENT = {"", "NA", "N/A", "NULL", "null", "None"}


def read(path: Path) -> Columns:
    """By the end of its name: .parquet; .json as COURAGEOUS C-UAS log 0.4.1; anything else CSV.

    Numbers are int64 or float64 with NaN for the unknown; words are str with "" for it.
    """
    if path.suffix == ".json":
        return _read_courageous(path)
    return _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)


def write_parquet(path: Path, columns: Mapping[str, Column]) -> None:
    # why Any: pyarrow comes without types
    pa: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    parquet.write_table(pa.table({n: pa.array(c) for n, c in columns.items()}), path)


def write_csv(path: Path, columns: Mapping[str, Sequence[object] | Column]) -> None:
    """None is written as nothing, floats so that they read back the same."""
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        out.writerows(zip(*(_plain(c) for c in columns.values()), strict=True))


def length(columns: Mapping[str, Column]) -> int:
    return len(next(iter(columns.values()), ()))


def _plain(column: Sequence[object] | Column) -> Sequence[object]:
    return column.tolist() if isinstance(column, np.ndarray) else column


def _read_parquet(path: Path) -> Columns:
    parquet: Any = importlib.import_module("pyarrow.parquet")  # why Any: no types
    table: Any = parquet.read_table(path)
    return {str(n): _settled(table.column(n).to_numpy()) for n in table.column_names}


def _settled(column: Column) -> Column:
    if column.dtype != object:
        return column
    return np.array(["" if v is None else str(v) for v in column.tolist()], dtype=np.str_)


def _read_csv(path: Path) -> Columns:
    with path.open(newline="") as file:
        reader = csv.reader(file)
        names = next(reader)
        rows = [row for row in reader if row]
    cells = zip(*rows, strict=True) if rows else ((),) * len(names)
    return {name: _column(texts) for name, texts in zip(names, cells, strict=True)}


def _column(texts: Sequence[str]) -> Column:
    """int64 if all are whole, float64 if all are numbers or absent, else str."""
    for kind in (np.int64, np.float64):
        try:
            return np.array(texts).astype(kind) if texts else np.empty(0)
        except ValueError:
            continue
    try:
        return np.array([math.nan if s in ABSENT else float(s) for s in texts])
    except ValueError:
        return np.array(texts, dtype=np.str_)


def _read_courageous(path: Path) -> Columns:
    """tracks[].uas_id with records[].time [ms] and location; rows without a latitude are left."""
    log: dict[str, Any] = json.loads(path.read_text())
    rows: list[tuple[Any, ...]] = []
    for number, track in enumerate(log.get("tracks", [])):
        for record in track["records"]:
            place = record["location"].get("Position3d", record["location"])
            if "lat" not in place:
                continue
            v: dict[str, Any] = record.get("velocity") or {}
            rows.append(
                (
                    record["time"] / 1e3,
                    track.get("uas_id", number),
                    place["lat"],
                    place["lon"],
                    place.get("height_amsl", math.nan),
                    *(v.get(axis, 0.0) for axis in ("east", "north", "up")),
                    record.get("classification", ""),
                )
            )
    names = ("t", "track_id", "lat", "lon", "alt", "vx", "vy", "vz", "cls")
    cells = zip(*rows, strict=True) if rows else ((),) * len(names)
    columns = dict(zip(names, cells, strict=True))
    words = {"cls"} if all(type(i) is int for i in columns["track_id"]) else {"cls", "track_id"}
    return {
        n: np.array([str(v) for v in c], dtype=np.str_)
        if n in words
        else np.array(c, dtype=np.int64 if n == "track_id" else np.float64)
        for n, c in columns.items()
    }
