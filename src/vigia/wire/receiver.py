"""What adapters of receivers share that decode by themselves: bytes -> pieces -> claims.

A sensor's module says how one piece is read; cutting, faults, repeats, operators and signs of life
are the same for all of them.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from vigia.wire.advert import Refused
from vigia.wire.claims import Claim, Claims, Out, number, within
from vigia.wire.pieces import Overlong, Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

Found: TypeAlias = list[Claim | Refused]  # empty: the receiver lives and says nothing of a drone
R95_PER_SIGMA = 2.45  # Rayleigh: the radius that holds 95 %
_decode = msgspec.json.Decoder().decode
_BOUND = re.compile(r"<\s*([0-9.]+)\s*(km|m|nmi|nm|NM)")
_METRES = {"m": 1.0, "km": 1_000.0, "nmi": 1_852.0, "nm": 1_852.0, "NM": 1_852.0}
_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")


class Receiver:
    """feed: a stream; feed_message: one message of a transport that keeps their boundaries."""

    NEEDS_AUTHORITY = True
    PIECE_MAX = 4_000  # bytes of one line or JSON value
    VALUES = False  # JSON values may span lines

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self.claims = Claims(sensor_id, t_shift_ns)
        self._pieces = Pieces(self.PIECE_MAX, values=self.VALUES)

    def read(self, piece: bytes, t_recv_ns: int) -> Found:
        """Never raises."""
        raise NotImplementedError

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return [b for piece in self._pieces.feed(data) for b in self._take(piece, t_recv_ns)]

    def feed_message(self, data: bytes, t_recv_ns: int) -> list[Out]:
        piece = data.strip()
        if len(piece) > self.PIECE_MAX:
            return self._take(Overlong(piece[:64]), t_recv_ns)
        return self._take(piece, t_recv_ns) if piece else []

    def finish(self, t_recv_ns: int) -> list[Out]:
        rest = self._pieces.finish()
        return [*(self._take(rest, t_recv_ns) if rest else []), *self.claims.rest()]

    def tick(self, t_ns: int) -> list[Out]:
        return self.claims.due(t_ns)

    def _take(self, piece: bytes | Overlong, t_recv_ns: int) -> list[Out]:
        if isinstance(piece, Overlong):
            return self.claims.take([overlong(self.PIECE_MAX)], t_recv_ns)
        found = self.read(piece, t_recv_ns)
        if not found:
            return self.claims.heard(t_recv_ns)
        return self.claims.take(found, t_recv_ns, piece)

    def lines(self, data: bytes, file: str) -> Iterator[dict[str, object]]:
        """The lines of `vigia decode`."""
        pieces = self._pieces.feed(data)
        if last := self._pieces.finish():
            pieces.append(last)
        for n, piece in enumerate(pieces, start=1):
            head: dict[str, object] = {"file": file, "frame": n}
            if isinstance(piece, Overlong):
                yield {**head, "ok": False, "why": overlong(self.PIECE_MAX).what}
                continue
            yield from (line_of(head, one) for one in self.read(piece, 0))


def line_of(head: dict[str, object], one: Claim | Refused) -> dict[str, object]:
    """What `vigia decode` prints of one drone; where its operator is stays out."""
    if isinstance(one, Refused):
        return {**head, "ok": False, "why": one.what}
    if one.place is None:
        return {**head, "ok": True, **({"near": one.identity} if one.near else {})}
    row = {k: v for k, v in one.place._asdict().items() if v == v and k != "t_obs_ns"}
    row["identity"] = one.place.identity.decode("ascii", "replace")
    return {**head, "ok": True, **row}


def overlong(most: int) -> Refused:
    return Refused(code="overlong", what=f"message: longer than {most} bytes")


def json_of(piece: bytes) -> object | Refused:
    try:
        return _decode(piece)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        return Refused(code="json", what=f"message: {e}"[:200])


def known(value: object, low: float, high: float) -> float:
    """A number of a receiver that writes 0 for unknown; NaN: unknown."""
    found = within(number(value), low, high)
    return math.nan if found == 0.0 else found


def sigma_of(text: object) -> float:
    """An accuracy in words, such as "<10 m": its upper bound holds 95 %. NaN: unknown."""
    found = _BOUND.search(text) if isinstance(text, str) else None
    if found is None:
        return math.nan
    bound_m = number(found[1]) * _METRES[found[2]]
    return bound_m / R95_PER_SIGMA if bound_m > 0.0 else math.nan


def is_address(text: str) -> bool:
    """A radio address with its separators."""
    return _ADDRESS.fullmatch(text) is not None
