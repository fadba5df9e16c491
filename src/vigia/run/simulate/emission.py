"""What reaches the watch, with the truth beside it: for the oracle's eyes, never the core's."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from vigia.events import Input

LookKind: TypeAlias = Literal["radar", "camera", "rf", "acoustic", "remote_id", "person"]


class Look(msgspec.Struct, frozen=True):
    """One true detection of a flyer. t_s: when it was made, on the world's own clock."""

    sensor_id: str
    kind: LookKind
    flyer_id: str
    t_s: float
    healthy: bool  # a trustworthy clock and an honest bearing


class Emission(msgspec.Struct, frozen=True):
    """A message as it arrives. retried: a person's phone repeats it until it is committed."""

    t_recv_s: float
    source: str
    body: Input
    looks: tuple[Look, ...] = ()
    retried: bool = False
