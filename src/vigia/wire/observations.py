"""The observation API's messages, JSON or protobuf -> scans, or why not.

The fields are the columns of scan.py by their names; what is left out is unknown. The same table
makes the JSON form, the protobuf form and docs/observations.proto.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from vigia.scan import DTYPES, IdKind, Layout, Scan, pack
from vigia.wire.advert import Refused

ROWS_MAX = 10_000  # of one message
ID_KINDS = {kind.name.lower(): int(kind) for kind in IdKind}
_SKIP = ("t_obs_ns", "id_kind", "identity")
_WHOLE = ("flags", "count", "ua_type")
_BOUNDS = {"flags": 65_535, "count": 65_535, "ua_type": 255}
_PACKAGE = "vigia.observations.v1"
_TEXT, _DOUBLE, _UINT, _UINT64, _BOOL, _MESSAGE = 9, 1, 13, 4, 8, 11  # FieldDescriptorProto.Type
LAYOUTS = {"bearings": Layout.POLAR_1, "positions": Layout.PLACE_1}


def columns(layout: Layout) -> list[tuple[str, int]]:
    """(name, protobuf type) of a row; t_ms first."""
    found = [("t_ms", _UINT64)]
    names = [name for name in DTYPES[layout].names or () if name not in _SKIP]
    found += [(name, _UINT if name in _WHOLE else _DOUBLE) for name in names]
    if layout is Layout.PLACE_1:
        found += [("identity", _TEXT), ("id_kind", _TEXT)]
    return found


class ObservationsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """bearings, positions: dictionaries with the names of columns()."""

    sensor_id: str
    bearings: list[dict[str, float | str]] = []
    positions: list[dict[str, float | str]] = []
    alive: bool = False


class Told(msgspec.Struct, frozen=True):
    """scans may be empty: then it only says that the sensor is alive."""

    sensor_id: str
    scans: tuple[Scan, ...]


_decode = msgspec.json.Decoder(ObservationsIn).decode


def read_json(data: bytes, t_shift_ns: int = 0) -> Told | Refused:
    try:
        message = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        return Refused(code="json", what=f"observation: {e}"[:300])
    return _told(message, t_shift_ns)


def read_protobuf(data: bytes, t_shift_ns: int = 0) -> Told | Refused:
    message: Any = MESSAGE()  # Any: a class made at run time
    try:
        message.ParseFromString(data)
    except DecodeError as e:
        return Refused(code="protobuf", what=f"observation: {e}"[:300])
    rows = {
        name: [{f.name: value for f, value in row.ListFields()} for row in getattr(message, name)]
        for name in LAYOUTS
    }
    return _told(ObservationsIn(message.sensor_id, alive=message.alive, **rows), t_shift_ns)


def _told(message: ObservationsIn, t_shift_ns: int) -> Told | Refused:
    if not 0 < len(message.sensor_id) <= 64:
        return Refused(code="sensor_id", what="observation: sensor_id is missing")
    scans: list[Scan] = []
    for name, layout in LAYOUTS.items():
        rows: list[dict[str, float | str]] = getattr(message, name)
        if len(rows) > ROWS_MAX:
            return Refused(code="rows", what=f"{name}: got {len(rows)} rows; {ROWS_MAX} at most")
        found = _scan(rows, name, layout, t_shift_ns) if rows else None
        if isinstance(found, Refused):
            return found
        if found is not None:
            scans.append(found)
    if not scans and not message.alive:
        what = "observation: neither bearings nor positions; say alive = true for a heartbeat"
        return Refused(code="empty", what=what)
    return Told(message.sensor_id, tuple(scans))


def _scan(
    rows: list[dict[str, float | str]], name: str, layout: Layout, t_shift_ns: int
) -> Scan | Refused:
    known = dict(columns(layout))
    made: dict[str, list[Any]] = {key: [] for key in known}
    for n, row in enumerate(rows):
        unknown = row.keys() - known.keys()
        if unknown:
            what = f"{name}[{n}]: unknown {min(unknown)!r}; known are {', '.join(known)}"
            return Refused(code="field", what=what)
        for key, kind in known.items():
            value = _value(key, kind, row.get(key))
            if isinstance(value, Refused):
                return Refused(code="value", what=f"{name}[{n}].{value.what}")
            made[key].append(value)
        needed = ("t_ms", "lat_deg", "lon_deg") if layout is Layout.PLACE_1 else ("t_ms",)
        for key in needed:
            if key not in row:
                return Refused(code="missing", what=f"{name}[{n}].{key} is missing")
        if layout is Layout.POLAR_1 and not {"azimuth_deg_true", "rssi_dbm"} & row.keys():
            what = f"{name}[{n}]: neither azimuth_deg_true nor, of a presence, rssi_dbm"
            return Refused(code="missing", what=what)
    t_ns = np.array(made.pop("t_ms"), dtype=np.int64) * 1_000_000 + t_shift_ns
    return pack(layout, {"t_obs_ns": t_ns, **made})


def _value(key: str, kind: int, value: float | str | None) -> Any:
    """A column's value; Any: number or bytes."""
    if key == "identity":
        text = "" if value is None else value
        if not isinstance(text, str) or not text.isascii() or len(text) > 24:
            return Refused(code="value", what="identity: need 24 ASCII characters at most")
        return text.encode()
    if key == "id_kind":
        number = ID_KINDS.get(str(value or "none"))
        known = ", ".join(ID_KINDS)
        return Refused(code="value", what=f"id_kind: need {known}") if number is None else number
    if isinstance(value, str):
        return Refused(code="value", what=f"{key}: got text; need a number")
    if kind == _DOUBLE:
        if value is None:
            return math.nan
        fine = math.isfinite(value)
        return value if fine else Refused(code="value", what=f"{key}: need a finite number")
    most = _BOUNDS.get(key, 9_000_000_000_000)
    number = 0 if value is None else value
    if number != int(number) or not 0 <= number <= most:
        return Refused(code="value", what=f"{key}: got {number}; need a whole number to {most}")
    return int(number)


# ---- protobuf ----------------------------------------------------------------------------------


def _file() -> descriptor_pb2.FileDescriptorProto:
    made = descriptor_pb2.FileDescriptorProto(
        name="vigia/observations.proto", package=_PACKAGE, syntax="proto3"
    )
    for kind, layout in (("Bearing", Layout.POLAR_1), ("Position", Layout.PLACE_1)):
        row = made.message_type.add(name=kind)
        for n, (name, number) in enumerate(columns(layout), start=1):
            row.oneof_decl.add(name=f"_{name}")
            field = row.field.add(name=name, number=n, label=1, proto3_optional=True)
            field.type = number  # pyright: ignore[reportAttributeAccessIssue]
            field.oneof_index = n - 1
    whole = made.message_type.add(name="Observations")
    whole.field.add(name="sensor_id", number=1, type=_TEXT, label=1)  # pyright: ignore[reportArgumentType]
    for n, (name, kind) in enumerate((("bearings", "Bearing"), ("positions", "Position")), start=2):
        field = whole.field.add(name=name, number=n, label=3)
        field.type, field.type_name = _MESSAGE, f".{_PACKAGE}.{kind}"  # pyright: ignore[reportAttributeAccessIssue]
    whole.field.add(name="alive", number=4, type=_BOOL, label=1)  # pyright: ignore[reportArgumentType]
    return made


def _class() -> type[Message]:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())  # pyright: ignore[reportUnknownMemberType]
    descriptor: Any = pool.FindMessageTypeByName(f"{_PACKAGE}.Observations")
    return message_factory.GetMessageClass(descriptor)


MESSAGE = _class()


def proto_text() -> str:
    """What docs/observations.proto says."""
    words = {_TEXT: "string", _DOUBLE: "double", _UINT: "uint32", _UINT64: "uint64"}
    out = ['syntax = "proto3";', f"package {_PACKAGE};", ""]
    for kind, layout in (("Bearing", Layout.POLAR_1), ("Position", Layout.PLACE_1)):
        out.append(f"message {kind} {{")
        for n, (name, number) in enumerate(columns(layout), start=1):
            out.append(f"  optional {words[number]} {name} = {n};")
        out += ["}", ""]
    out += [
        "message Observations {",
        "  string sensor_id = 1;",
        "  repeated Bearing bearings = 2;",
        "  repeated Position positions = 3;",
        "  bool alive = 4;",
        "}",
    ]
    return "\n".join(out) + "\n"
