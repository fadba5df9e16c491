"""A client certificate -> who it is; the first use of one -> the roster's events.

TLS has checked that our client CA signed it. A device in the roster is served; one whose package
was never used is enrolled now; any other was revoked, and is turned away.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from vigia.events import AgencyAdded, DeviceEnrolled, Input, PersonAdded
from vigia.events_reach import ContactSet
from vigia.run.link import Committed, Refused
from vigia.run.say import say
from vigia.run.tak_server.certificates import client_ca, proved_by
from vigia.run.tak_server.package import Issued, issued_for, server_certificate, used
from vigia.run.tak_server.who import Who
from vigia.terms import Channel

if TYPE_CHECKING:
    from pathlib import Path

    from vigia.run.link_io import LinkClient
    from vigia.run.plan import RunPlan
    from vigia.run.tak_server.service import Service

SOURCE = "tak"
ENROL_S = 30.0


def server_context(folder: Path, plan: RunPlan) -> ssl.SSLContext:
    """TLS that asks every client for a certificate of our client CA. Raises SettingsError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client_ca(folder / "keys" / "tak", plan.site_name).path)
    load_chain(context, folder, plan)
    return context


def load_chain(context: ssl.SSLContext, folder: Path, plan: RunPlan) -> None:
    """The certificate we show, as it is now. Raises SettingsError or OSError."""
    if plan.listen.cert is not None and plan.listen.key is not None:
        context.load_cert_chain(plan.listen.cert, plan.listen.key)
        return
    made = server_certificate(folder, plan)
    context.load_cert_chain(made.chain, made.key)


class Enrolment:
    """who() is called for each new connection; it must answer at once."""

    def __init__(self, folder: Path, service: Service, link: LinkClient) -> None:
        self._folder = folder
        self._service = service
        self._link = link
        self._tasks: set[asyncio.Task[None]] = set()

    def who(self, transport: asyncio.Transport) -> Who | None:
        tls = transport.get_extra_info("ssl_object")
        der = None if tls is None else tls.getpeercert(True)
        proved = None if der is None else proved_by(der)
        if proved is None or not self._service.known:
            return None
        name = transport.get_extra_info("peername")
        address = str(name[0]) if name else ""
        device = self._service.devices.get(proved.device_id)
        person_id = None if device is None else device.person_id
        if person_id is None:
            person_id = self._begin(proved.device_id)
        if person_id is None:
            self._service.fault("a certificate that is not enrolled, or revoked", b"")
            return None
        return Who(
            address=address,
            person_id=person_id,
            device_id=proved.device_id,
            positions=proved.positions,
        )

    def _begin(self, device_id: str) -> str | None:
        """The person of a package that is used for the first time; the disk follows."""
        try:
            issued = issued_for(self._folder, device_id)
        except OSError as e:
            say(f"TAK: {self._folder / 'tak'} cannot be read ({e})")
            return None
        if issued is None:
            return None
        invited = issued.invited
        device = DeviceEnrolled(
            device_id=device_id, person_id=invited.person_id, public_key=issued.spki
        )
        # Sent before this returns: his first position must not overtake his enrolment
        answers = [self._link.ask(body, SOURCE) for body in self._bodies(issued, device)]
        self._service.devices[device_id] = device
        task = asyncio.get_running_loop().create_task(self._admit(device_id, answers))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return invited.person_id

    def _bodies(self, issued: Issued, device: DeviceEnrolled) -> list[Input]:
        invited = issued.invited
        bodies: list[Input] = []
        if invited.person_id not in self._service.people:
            bodies.append(AgencyAdded(agency_id=invited.agency_id, name=invited.agency_id))
            bodies.append(
                PersonAdded(
                    person_id=invited.person_id,
                    name=invited.name,
                    agency_id=invited.agency_id,
                    role=invited.role,
                    lang=invited.lang,
                    post_id=invited.post_id,
                )
            )
        by_tak = ContactSet(person_id=invited.person_id, channel=Channel.COT)
        return [*bodies, device, by_tak]

    async def _admit(
        self, device_id: str, answers: list[asyncio.Future[Committed | Refused]]
    ) -> None:
        """The record goes only after the journal has the device: a crash repeats, loses nothing."""
        try:
            async with asyncio.timeout(ENROL_S):
                for answer in await asyncio.gather(*answers):
                    if isinstance(answer, Refused):
                        say(f"TAK: {device_id} not enrolled: {answer.why}; it is tried again")
                        return
            await asyncio.to_thread(used, self._folder, device_id)
        except (TimeoutError, OSError) as e:
            say(f"TAK: {device_id} not enrolled yet ({type(e).__name__}); it is tried again")
