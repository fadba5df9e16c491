"""What the watch process asks of its parts: transports, channels, the link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.events import Alert, Delivery, Input
    from vigia.run.link import ToGateway
    from vigia.terms import Mark


class Put(Protocol):
    """How a feed hands over an input. False: not taken, too many are waiting."""

    def __call__(self, source: str, mark: Mark, body: Input) -> bool: ...


class Feed(Protocol):
    """A transport with its adapter. run() ends when the source ends; it may raise OSError."""

    source: str

    async def run(self, put: Put) -> None: ...


class Outlet(Protocol):
    """A channel served by the watch process itself (SAPIENT)."""

    async def run(self) -> None: ...
    def offer_alert(self, alert: Alert, delivery: Delivery) -> None: ...
    def offer_decided(self, alert: Alert) -> None: ...
    def offer_tracks(self, rows: NDArray[np.void]) -> None: ...
    def counts(self) -> dict[str, int]: ...


class Link(Protocol):
    def send(self, message: ToGateway) -> None: ...
