"""Incidents <-> files of them: CSV, GeoJSON, Parquet, and JSON that carries its schema."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from vigia.records.incident import Incident
from vigia.records.incident_csv import (
    BYTES_MAX,
    PROFILES,
    RowError,
    read_csv,
    read_geojson,
    to_csv,
    to_geojson,
)

SCHEMA = "vigia.incidents/1"
FORMATS = ("csv", "geojson", "parquet", "json")
KINDS = {
    "csv": b"text/csv; charset=utf-8",
    "geojson": b"application/geo+json",
    "parquet": b"application/vnd.apache.parquet",
    "json": b"application/json",
}
Rows = Sequence[tuple[str, Incident]]


def read_table(path: Path, profile: str) -> tuple[dict[str, Incident], list[RowError]]:
    """Raises OSError, ValueError."""
    if path.stat().st_size > BYTES_MAX:
        raise ValueError(f"{path}: got more than {BYTES_MAX} bytes; split the table")
    if profile == "geojson" or path.suffix in (".geojson", ".json"):
        good, bad = read_geojson(path.read_bytes())
    elif profile in PROFILES:
        good, bad = read_csv(path.read_text("utf-8-sig"), PROFILES[profile])
    else:
        raise ValueError(f"profile: got {profile!r}; need {', '.join([*PROFILES, 'geojson'])}")
    return dict(good), bad


def format_of(path: Path) -> str:
    """By the file's ending. Raises ValueError."""
    found = path.suffix.removeprefix(".")
    if found not in FORMATS:
        raise ValueError(f"{path}: need a name that ends with .{', .'.join(FORMATS)}")
    return found


def exported(rows: Rows, form: str) -> bytes:
    """The same rows give the same bytes. form: of FORMATS."""
    match form:
        case "csv":
            return to_csv(rows).encode()
        case "geojson":
            return to_geojson(rows)
        case "parquet":
            return _parquet(rows)
        case "json":
            return _json(rows)
        case _:
            raise ValueError(f"format: got {form!r}; need {', '.join(FORMATS)}")


def json_schema() -> dict[str, Any]:
    """Of one incident (JSON Schema 2020-12)."""
    return msgspec.json.schema(Incident)


def _json(rows: Rows) -> bytes:
    told = {
        "format": SCHEMA,
        "schema": json_schema(),
        "incidents": [{"id": i, "record": msgspec.to_builtins(record)} for i, record in rows],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=1)


def _parquet(rows: Rows) -> bytes:
    """One row an incident; nested fields as JSON text, so that any reader takes it."""
    import pyarrow as pa  # late: a quarter of a second
    import pyarrow.parquet as pq

    columns: dict[str, list[str]] = {"id": [record_id for record_id, _ in rows]}
    for name in (f.name for f in msgspec.structs.fields(Incident)):
        columns[name] = [_cell(getattr(incident, name)) for _, incident in rows]
    arrow: Any = pa  # Any: pyarrow has no types
    parquet: Any = pq
    out = io.BytesIO()
    parquet.write_table(arrow.table(columns), out)
    return out.getvalue()


def read_parquet(data: bytes) -> list[dict[str, str]]:
    """Its rows as written by _parquet. Raises ValueError."""
    import pyarrow.parquet as pq

    parquet: Any = pq
    try:
        return parquet.read_table(io.BytesIO(data)).to_pylist()
    except Exception as e:
        raise ValueError(f"parquet: cannot be read ({type(e).__name__})") from e


def _cell(value: object) -> str:
    plain: object = msgspec.to_builtins(value)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()
