"""One message -> every process that is joined to the watch; each has a socket of its own.

Answers go to all: who did not ask does not know their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigia.run.link import ToGateway
    from vigia.run.link_io import LinkServer


class Links:
    def __init__(self, servers: Sequence[LinkServer]) -> None:
        self.servers = tuple(servers)

    def send(self, message: ToGateway) -> None:
        for server in self.servers:
            server.send(message)
