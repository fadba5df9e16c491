"""What the HTTP handlers share: who calls, what waits for the disk, what an answer says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from vigia.events import Input, PersonAdded
from vigia.events_access import PersonalRead
from vigia.run.asgi import Answer, HttpError, Request, json
from vigia.run.gateway import Gateway
from vigia.run.link import Committed, Refused
from vigia.run.sharing import Viewer

COMMIT_S = 2.0  # a person waits this long for the disk


class Caller(msgspec.Struct, frozen=True):
    """Who asks: a session of an enrolled device or of a sign-in, or a service by its key."""

    device_id: str
    person: PersonAdded
    login_id: str = ""
    sensors: tuple[str, ...] = ()  # a service key's scope
    reads: tuple[str, ...] = ()  # of roles.READS

    @property
    def source(self) -> str:
        return f"device/{self.device_id}"

    @property
    def viewer(self) -> Viewer:
        person = self.person
        return Viewer(person.person_id, person.agency_id, person.role)


Public: TypeAlias = Callable[[Gateway, Request], Awaitable[Answer]]
Private: TypeAlias = Callable[[Gateway, Request, Caller], Awaitable[Answer]]


async def committed(
    gateway: Gateway, body: Input, source: str, *, timeout_s: float = COMMIT_S
) -> Committed:
    """Raises HttpError(503) unless it is on disk in time."""
    try:
        answer = await gateway.link.submit(body, source, timeout_s=timeout_s)
    except TimeoutError:
        alive = gateway.link.connected
        why = "the disk has not answered" if alive else "the watch does not answer"
        raise HttpError(
            503, f"not on record yet: {why}", fix="look again, then repeat it"
        ) from None
    if isinstance(answer, Refused):
        raise HttpError(503, f"not taken: {answer.why}", fix="try again")
    return answer


async def looked(
    gateway: Gateway, caller: Caller, what: str, *, about: str = "", reason: str = "", count: int
) -> None:
    """On record before personal data are shown to somebody else. Raises HttpError(503)."""
    read = PersonalRead(
        by_person_id=caller.person.person_id, what=what, about=about, reason=reason, count=count
    )
    await committed(gateway, read, caller.source)


def received(answer: Committed) -> Answer:
    return json({"received": True, "seq": answer.seq})


def starting() -> HttpError:
    return HttpError(
        503, "the watch is starting", expected="a running watch", fix="try again in a moment"
    )
