"""An event's body <-> what the journal stores of it: JSON, and packed bytes for a segment.

Scans and published tracks are packed bytes already; only their few words go into the JSON.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from vigia.events import AnyBody, Observation, TracksPublished, decode_body, encode_body
from vigia.scan import Layout, Scan


class Packed(NamedTuple):
    """kind: the body's class name. payload: bytes for a segment; None when there are none."""

    kind: str
    body: bytes
    payload: bytes | None


class _ScanHead(msgspec.Struct, frozen=True):
    sensor_id: str
    layout: Layout


class _TracksHead(msgspec.Struct, frozen=True):
    version: str


_encode = msgspec.json.Encoder().encode
_scan_head = msgspec.json.Decoder(_ScanHead)
_tracks_head = msgspec.json.Decoder(_TracksHead)


def pack(body: AnyBody) -> Packed:
    """Raises TypeError or ValueError for a body that JSON cannot hold (our fault)."""
    if type(body) is Observation:
        head = _encode(_ScanHead(body.sensor_id, body.scan.layout))
        return Packed("Observation", head, body.scan.data)
    if type(body) is TracksPublished:
        return Packed("TracksPublished", _encode(_TracksHead(body.version)), body.data)
    return Packed(type(body).__name__, encode_body(body), None)


def unpack(packed: Packed) -> AnyBody:
    """Raises ValueError (msgspec's errors are) saying which field cannot be read."""
    if packed.kind == "Observation":
        head = _scan_head.decode(packed.body)
        return Observation(sensor_id=head.sensor_id, scan=Scan(head.layout, packed.payload or b""))
    if packed.kind == "TracksPublished":
        version = _tracks_head.decode(packed.body).version
        return TracksPublished(version=version, data=packed.payload or b"")
    body = decode_body(packed.body)
    if type(body).__name__ != packed.kind:
        raise ValueError(f"kind: the row says {packed.kind}, its body is {type(body).__name__}")
    return body
