"""`python -m vigia.run.gateway_main --data DIR`: the gateway process, from the plan in its folder.

    --listen HOST:PORT   instead of the plan's; port 0 is chosen by the system
    --tls auto|off|CERT,KEY  auto is the site's own CA, also on loopback; off is only for loopback
    --ready-fd N         the address is written there when it listens

Exit codes: 0 stopped, 2 the operator's mistake, 3 the address is in use.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import ssl
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import msgspec
import uvicorn
import uvloop

from vigia.run.doorman import Doorman
from vigia.run.gateway import Gateway
from vigia.run.http_app import App
from vigia.run.http_pages import PageFiles
from vigia.run.http_wire import Http
from vigia.run.invitations import base_url, is_loopback
from vigia.run.ledger_feed import follow_journal
from vigia.run.link_io import LinkClient, link_path
from vigia.run.observe_keys import Observers
from vigia.run.page_socket import PageSocket
from vigia.run.plan import RunPlan, read_plan
from vigia.run.reach_timetable import Timetable
from vigia.run.records.grower import Grower
from vigia.run.say import say
from vigia.run.sessions import open_sessions
from vigia.run.settings import Listen, SettingsError
from vigia.run.supervise import EXIT_OPERATOR, EXIT_PORT
from vigia.run.witness.witnessing import Witnessing
from vigia.terms import Channel

BACKLOG = 4096
FILES_MAX = 65_536  # open files asked of the system: pages, and some of our own
BIND_WAIT_S = 3.0  # an orphan of an earlier start may still hold the port
BIND_RETRY_S = 0.1
PARENT_POLL_S = 0.5
ORPHAN_S = 10.0  # with a watch that still lives; without one it goes at once
PING_S = 10.0  # a page that does not answer twice as long is gone
MESSAGE_MAX = 64 * 1024
LEDGER_AFTER_S = 1.0  # the first page comes first
LEDGER_STOP_S = 3.0  # what it did not write by then it writes at the next start
RENEW_LOOK_S = 12 * 3600.0


class PortInUse(Exception):
    """Somebody else listens there."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="vigia gateway")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--listen")
    parser.add_argument("--tls")
    parser.add_argument("--ready-fd", type=int)
    args = parser.parse_args(argv)
    folder: Path = args.data
    _raise_limit()
    try:
        plan = _plan(read_plan(folder), args.listen, args.tls)
        with uvloop_runner() as runner:
            runner.run(_serve(folder, plan, args.tls, args.ready_fd))
    except PortInUse as e:
        say(f"{e}")
        return EXIT_PORT
    except (SettingsError, OSError, msgspec.DecodeError) as e:
        say(f"{e}")
        return EXIT_OPERATOR
    return 0


def _raise_limit() -> None:
    """A page is a socket is a file; by default some systems allow 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, FILES_MAX), hard))


def uvloop_runner() -> asyncio.Runner:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def _plan(plan: RunPlan, listen: str | None, tls: str | None) -> RunPlan:
    """With what the command line says instead. Raises SettingsError."""
    changed = plan.listen
    if listen is not None:
        changed = msgspec.structs.replace(changed, address=listen)
    if tls not in (None, "auto", "off"):
        cert, _, key = tls.partition(",")
        changed = msgspec.structs.replace(changed, cert=cert, key=key or None)
    if (changed.cert is None) != (changed.key is None):
        raise SettingsError("tls: got a certificate or a key alone; need both: [listen] cert, key")
    return msgspec.structs.replace(plan, listen=changed)


async def _serve(folder: Path, plan: RunPlan, tls_word: str | None, ready_fd: int | None) -> None:
    sock = await _listen(plan.listen)
    host, port = sock.getsockname()[:2]
    plan = _with_port(plan, port)
    tls, ca = _tls(folder, plan, host, tls_word)
    gateway = Gateway(
        folder, LinkClient(lambda: link_path(folder)), open_sessions(folder / "keys"), plan.access
    )
    gateway.cap, gateway.view.ground_call = plan.cap, plan.ground_call
    push = [entry for entry in plan.channels.values() if entry.kind is Channel.PUSH]
    gateway.push_services = push[0].services if push else None
    if plan.access.sign_in.issuer is not None:
        from vigia.run.oidc import Oidc  # half a second that most sites need not spend

        gateway.oidc = Oidc(plan.access.sign_in)
    gateway.observers = Observers(plan.feeds)
    gateway.words.set_up(plan)
    gateway.secure = tls is not None
    gateway.base_url = base_url(plan, secure=gateway.secure)
    own = socket.gethostname().lower()
    gateway.hosts = frozenset({own, f"{own}.local", *(h.lower() for h in plan.listen.hosts)})
    server = make_server(gateway, tls=tls, ca=ca)
    ledger = gateway.ledger = follow_journal(folder)
    grower = Grower(gateway)
    witnessing = gateway.witnessing = Witnessing(
        folder, plan.witness, gateway.now_ms, gateway.fault
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    tasks = [
        loop.create_task(gateway.link.run()),
        loop.create_task(gateway.run()),
        loop.create_task(Timetable(gateway, plan.reach_times).run()),
        loop.create_task(grower.run()),
        loop.create_task(witnessing.run()),
        loop.create_task(_end_with_parent(server, gateway)),
        loop.create_task(_tell_ready(server, ready_fd, gateway.base_url)),
    ]
    if tls is not None and plan.listen.cert is None:
        tasks.append(loop.create_task(_renew(folder, plan, tls, host)))
    loop.call_later(LEDGER_AFTER_S, ledger.start)
    gc.freeze()  # what was built at the start lives for ever: no pause to look at it again
    try:
        await server.serve(sockets=[sock])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gateway.past.stop()
        await asyncio.to_thread(ledger.stop, LEDGER_STOP_S)
        sock.close()


class Server(uvicorn.Server):
    """Signals are ours: the supervisor's SIGTERM ends it, a terminal's Ctrl-C does not."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn sets up all but the accepting, which is our doorman's."""
        await super().startup(sockets=[])
        loop = asyncio.get_running_loop()
        doormen = [Doorman(sock, self._protocol, self.config.ssl) for sock in sockets or []]
        self._doors = [loop.create_task(doorman.run()) for doorman in doormen]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for door in self._doors:
            door.cancel()
        await asyncio.gather(*self._doors, return_exceptions=True)
        await super().shutdown(sockets=sockets)

    def _protocol(self) -> asyncio.Protocol:
        return Http(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def stop(self) -> None:
        self.should_exit = True


def make_server(
    gateway: Gateway, *, tls: ssl.SSLContext | None = None, ca: Path | None = None
) -> Server:
    config = uvicorn.Config(
        App(gateway, PageFiles(ca=ca)),
        http=Http,
        ws=PageSocket,
        ws_max_size=MESSAGE_MAX,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
        backlog=BACKLOG,
    )
    config.load()
    config.ssl = tls
    return Server(config)


async def _listen(listen: Listen) -> socket.socket:
    """Raises PortInUse, SettingsError or OSError."""
    host, _, port = listen.address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    until_s = time.monotonic() + BIND_WAIT_S
    while True:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host.strip("[]"), int(port)))
            # Listening is part of the claim: two may bind with SO_REUSEADDR, one may listen.
            sock.listen(BACKLOG)
        except OSError as e:
            sock.close()
            if e.errno != _IN_USE:
                raise SettingsError(
                    f"listen: got {listen.address} ({e.strerror}); need an address of this machine"
                ) from e
            if time.monotonic() > until_s:
                raise PortInUse(
                    f"listen: {listen.address} is in use by another program; stop it or choose "
                    "another with --listen HOST:PORT"
                ) from e
            await asyncio.sleep(BIND_RETRY_S)
        else:
            sock.setblocking(False)
            return sock


_IN_USE = 98  # EADDRINUSE


def _with_port(plan: RunPlan, port: int) -> RunPlan:
    host, _, _ = plan.listen.address.rpartition(":")
    listen = msgspec.structs.replace(plan.listen, address=f"{host}:{port}")
    return msgspec.structs.replace(plan, listen=listen)


def _tls(
    folder: Path, plan: RunPlan, host: str, word: str | None
) -> tuple[ssl.SSLContext | None, Path | None]:
    """None: plain HTTP, which only this machine can reach. And the site CA's certificate."""
    listen = plan.listen
    if word == "off" and not is_loopback(host):
        raise SettingsError(
            f"--tls off: got --listen {listen.address}; beyond this machine only HTTPS is served: "
            "leave --tls out, the site's own CA is made by itself"
        )
    if listen.cert is None and is_loopback(host) and word != "auto":
        return None, None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if listen.cert is not None and listen.key is not None:
        try:
            context.load_cert_chain(listen.cert, listen.key)
        except (OSError, ssl.SSLError) as e:
            raise SettingsError(
                f"[listen] cert, key: got {listen.cert}, {listen.key} ({e}); need a PEM "
                "certificate and its key"
            ) from e
        return context, None
    from vigia.run.site_ca import site_certificate

    found = site_certificate(folder / "keys" / "tls", listen.hosts, host, plan.site_name)
    context.load_cert_chain(found.chain, found.key)
    return context, found.ca


async def _renew(folder: Path, plan: RunPlan, context: ssl.SSLContext, host: str) -> None:
    """New connections get the new leaf; nothing restarts."""
    from vigia.run.site_ca import site_certificate

    while True:
        await asyncio.sleep(RENEW_LOOK_S)
        found = await asyncio.to_thread(
            site_certificate, folder / "keys" / "tls", plan.listen.hosts, host, plan.site_name
        )
        context.load_cert_chain(found.chain, found.key)


async def _tell_ready(server: Server, ready_fd: int | None, url: str) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag and nothing to wait for
        await asyncio.sleep(0.01)
    if ready_fd is not None:
        os.write(ready_fd, f"{url}\n".encode())
        os.close(ready_fd)


async def _end_with_parent(server: Server, gateway: Gateway) -> None:
    """Without its supervisor it would hold the port against the next start."""
    parent = os.getppid()
    gone_s = 0.0
    while True:
        await asyncio.sleep(PARENT_POLL_S)
        if os.getppid() == parent:
            continue
        gone_s += PARENT_POLL_S
        if not gateway.link.connected or gone_s >= ORPHAN_S:
            server.stop()
            return


if __name__ == "__main__":
    sys.exit(main())
