"""One page's WebSocket: greets it, takes what it says, tells the watch."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from typing import assert_never

import msgspec

from vigia.event_base import RAW_MAX
from vigia.events import (
    Acknowledged,
    AlertsHeld,
    DeviceEnrolled,
    PersonAdded,
    PersonMoved,
    SessionClosed,
    SessionOpened,
)
from vigia.run import page_json as out
from vigia.run.asgi import Receive, Scope, Send
from vigia.run.gateway import Gateway
from vigia.run.link import Committed
from vigia.run.page_acts import LooksIn
from vigia.run.page_socket import EXTENSION, PageSocket, frame_of
from vigia.run.pages import PAGES_MAX, Page
from vigia.run.roles import CONSOLE, MESSAGES
from vigia.run.signed import ack_words, is_signed
from vigia.terms import AckKind, Position

ACK_S = 30.0  # the page repeats by itself; later answers go to nobody
ACKING_MAX = 128  # acknowledgements of one page on their way to the disk
HOLDS_S = 1.0  # what one page holds is asked after this often, at most
SPOT_NS = 900_000_000  # positions of one page closer together than this are left out

_decoder: msgspec.json.Decoder[out.FromPage] = msgspec.json.Decoder(out.FromPage)
_life = secrets.token_hex(4)  # of this gateway: session ids of two lives never meet
_numbers = itertools.count(1)


async def serve_page(
    gateway: Gateway,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    device_id: str,
    person: PersonAdded,
    login_id: str,
    columns: bool,
    headers: list[tuple[bytes, bytes]],
) -> None:
    """Until the page goes. The caller has checked session, role and origin."""
    if len(gateway.hub) >= PAGES_MAX:
        gateway.metrics.counts["pages_refused"] += 1
        await send({"type": "websocket.close", "code": 1013, "reason": "too many pages"})
        return
    await send({"type": "websocket.accept", "headers": headers})
    socket = scope["extensions"][EXTENSION]
    assert isinstance(socket, PageSocket)
    page = Page(
        socket,
        session_id=f"page-{_life}-{next(_numbers)}",
        device_id=device_id,
        person_id=person.person_id,
    )
    page.role, page.agency_id, page.login_id = person.role, person.agency_id, login_id
    page.columns = columns
    gateway.hub.join(page, officer=person.role in CONSOLE)
    talk = PageTalk(gateway, page)
    talk.tell_session()
    gateway.greet(page)
    gateway.showing.fates_to(page)
    try:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            talk.take(message.get("text") or message.get("bytes") or b"")
    finally:
        talk.end()
        socket.on_writable = None
        gateway.hub.leave(page)
        gateway.link.submit_nowait(
            SessionClosed(session_id=page.session_id), f"device/{page.device_id}"
        )


class PageTalk:
    """What one page may say and what follows from it."""

    def __init__(self, gateway: Gateway, page: Page) -> None:
        self._gateway = gateway
        self._page = page
        self._source = f"device/{page.device_id}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: out.HoldsIn | None = None
        self._holds_timer: asyncio.TimerHandle | None = None

    def tell_session(self) -> None:
        page = self._page
        opened = SessionOpened(
            session_id=page.session_id,
            device_id=page.device_id,
            person_id=page.person_id,
            on_watch=page.on_watch and (page.siren or page.quiet),
        )
        self._gateway.link.submit_nowait(opened, self._source)

    def take(self, data: str | bytes) -> None:
        """Anything; what cannot be read is counted and answered, never raised."""
        try:
            message = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as e:
            self._refuse(str(e), data, expected="a message of docs/web-protocol.md")
            return
        self._page.t_heard_ns = self._gateway.clock.now_ns()
        kind = message.__struct_config__.tag
        if self._page.role not in MESSAGES.get(str(kind), frozenset()):
            self._refuse(f"{kind}: not for the role {self._page.role.value}", data, expected="")
            return
        match message:
            case out.PingIn(n=n):
                self._page.alert(frame_of(out.PongOut(n, self._gateway.now_ms())))
            case out.AckIn():
                self._ack(message)
            case out.HoldsIn():
                self._holds(message)
            case out.OnWatchIn(on=on, siren=siren, quiet=quiet):
                page = self._page
                if (on, siren, quiet) != (page.on_watch, page.siren, page.quiet):
                    page.on_watch, page.siren, page.quiet = on, siren, quiet
                    self.tell_session()
            case out.SpotIn():
                self._spot(message)
            case LooksIn(on=on):
                self._page.looking = on
                if on:
                    self._gateway.pictures.show_to(self._page)
            case _:
                assert_never(message)

    def _ack(self, message: out.AckIn) -> None:
        page = self._page
        is_for = self._gateway.view.is_for(message.alert_id, page.person_id)
        if is_for is None:
            if self._gateway.knows_past:
                self._unknown(message)
            return  # before that the page repeats until it hears
        if not is_for:
            # An officer's console shows it; only the person it warns can answer it.
            page.alert(frame_of(out.AckedOut(message.alert_id, message.revision, message.kind)))
            return
        key = (message.alert_id, message.revision, message.kind.value)
        device = self._gateway.view.devices.get(page.device_id)
        if device is not None and not self._is_his(message, device):
            self._refuse(
                "ack: not signed by this device", message.alert_id, expected="its signature"
            )
            return
        if key in page.acking or len(page.acking) >= ACKING_MAX:
            return  # on its way; the page repeats until it hears
        page.acking.add(key)
        self._keep(self._commit_ack(message, key))

    def _is_his(self, message: out.AckIn, device: DeviceEnrolled) -> bool:
        """A person's answer is signed by his device, if it signs; the page's own word is not."""
        if message.kind is AckKind.DELIVERED:
            return True
        said = ack_words(message.alert_id, message.revision, message.kind.value)
        return is_signed(self._gateway, device, message.sig, said)

    def _unknown(self, message: out.AckIn) -> None:
        self._refuse(
            "ack: this alert is not known here",
            message.alert_id,
            expected="the alert_id of an alert of yours, open or ended within the last hours",
        )

    async def _commit_ack(self, message: out.AckIn, key: tuple[str, int, str]) -> None:
        page, gateway = self._page, self._gateway
        body = Acknowledged(
            alert_id=message.alert_id,
            revision=message.revision,
            person_id=page.person_id,
            device_id=page.device_id,
            kind=message.kind,
            t_obs_ns=min(message.t_ms * 1_000_000, gateway.clock.now_ns()),
        )
        try:
            answer = await gateway.link.submit(body, self._source, timeout_s=ACK_S)
        except TimeoutError:
            return
        finally:
            page.acking.discard(key)
        if isinstance(answer, Committed):
            page.alert(frame_of(out.AckedOut(message.alert_id, message.revision, message.kind)))

    def _holds(self, message: out.HoldsIn) -> None:
        """Each makes the watch deliver anew: of those within HOLDS_S the last one counts."""
        self._held = message
        if self._holds_timer is None:
            self._holds_due()

    def _holds_due(self) -> None:
        message, self._held, self._holds_timer = self._held, None, None
        if message is not None:
            loop = asyncio.get_running_loop()
            self._holds_timer = loop.call_later(HOLDS_S, self._holds_due)
            self._tell_holds(message)

    def end(self) -> None:
        if self._holds_timer is not None:
            self._holds_timer.cancel()

    def _tell_holds(self, message: out.HoldsIn) -> None:
        """Only whom an alert warns may ask what became of it: for others it would be unknown, and
        its end would go out under its name."""
        page, view = self._page, self._gateway.view
        alert_ids = tuple(
            alert_id
            for alert_id in message.alert_ids
            if view.is_for(alert_id, page.person_id) is not False
        )
        body = AlertsHeld(device_id=page.device_id, person_id=page.person_id, alert_ids=alert_ids)
        if alert_ids:
            self._keep(self._commit_holds(body))
        else:
            self._gateway.link.submit_nowait(body, self._source)

    async def _commit_holds(self, body: AlertsHeld) -> None:
        """A watch that dies with the question unread is asked again; else an alert that it never
        recorded would stand on the page for ever."""
        with contextlib.suppress(TimeoutError):  # the link keeps asking
            await self._gateway.link.submit(body, self._source, timeout_s=ACK_S)

    def _spot(self, message: out.SpotIn) -> None:
        page, now = self._page, self._gateway.clock.now_ns()
        if not page.on_watch or now - page.t_spot_ns < SPOT_NS:
            return
        page.t_spot_ns = now
        body = PersonMoved(
            person_id=page.person_id,
            t_obs_ns=min(message.t_ms * 1_000_000, now),
            position=Position(message.lat_deg, message.lon_deg, message.alt_hae_m, message.sigma_m),
        )
        self._gateway.link.submit_nowait(body, self._source)

    def _refuse(self, what: str, data: str | bytes, *, expected: str) -> None:
        raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
        self._gateway.fault("page", what, raw[:RAW_MAX], self._page.person_id)
        error = out.ErrorOut(
            what, raw[:100].decode("utf-8", "replace"), expected, "reload the page"
        )
        self._page.show("refused", frame_of(out.RefusedOut(error)))

    def _keep(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
