"""`vigia setup`: serves the setup page until it is done or stopped.

While people type, the kernels are compiled, so that the first start is quick.
On this machine only unless a LAN address is wanted; then HTTPS with the site's own CA.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import webbrowser
from pathlib import Path

import uvicorn

from vigia.run.gateway_main import Server
from vigia.run.http_wire import Http
from vigia.run.invitations import is_loopback, qr_text
from vigia.run.settings import SettingsError
from vigia.run.settings_check import check_address
from vigia.run.setup.desk import Desk
from vigia.run.setup.door import SetupApp
from vigia.run.site_ca import own_addresses, site_certificate
from vigia.run.start import lock_folder

TOKEN_BYTES = 24
BACKLOG = 64


def run_setup(settings: Path, folder: Path, *, page: str, site: str, open_browser: bool) -> int:
    """page: HOST:PORT of this page; site: of the vigia that is set up. Raises SettingsError."""
    check_address(page, "--page")
    check_address(site, "--listen")
    _free(folder)
    desk = Desk(settings, folder, site)
    host, _, port = page.rpartition(":")
    sock = _bind(host.strip("[]"), int(port), page)
    tls = None if is_loopback(host) else _tls(folder, host)
    warming = subprocess.Popen([sys.executable, "-m", "vigia.run.warm"], stdout=subprocess.DEVNULL)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = f"{_base(host, sock.getsockname()[1], secure=tls is not None)}/#{token}"
    app = SetupApp(desk, token, secure=tls is not None)
    _say(link, secure=tls is not None)
    if open_browser:
        webbrowser.open(link)
    try:
        asyncio.run(_serve(app, sock, tls))
    finally:
        desk.close()
        sock.close()
        warming.terminate()
        warming.wait()
    print(f"Start it for good: vigia watch --settings {settings} --data {folder}")
    return 0


def _free(folder: Path) -> None:
    """Raises SettingsError when a vigia runs on the folder."""
    lock = lock_folder(folder)
    if lock is None:
        raise SettingsError(
            f"setup: a vigia runs on {folder}; stop it first, setup starts its own meanwhile"
        )
    os.close(lock)


def _bind(host: str, port: int, said: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as e:
        sock.close()
        raise SettingsError(
            f"--page: got {said} ({e.strerror}); need a free port of this machine"
        ) from e
    sock.setblocking(False)
    return sock


def _tls(folder: Path, host: str) -> ssl.SSLContext:
    found = site_certificate(folder / "keys" / "tls", (), host, "vigia")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(found.chain, found.key)
    return context


def _base(host: str, port: int, *, secure: bool) -> str:
    bare = host.strip("[]")
    if bare in ("0.0.0.0", "::"):
        bare = own_addresses()[0]
    name = f"[{bare}]" if ":" in bare else bare
    return f"{'https' if secure else 'http'}://{name}:{port}"


def _say(link: str, *, secure: bool) -> None:
    if secure and sys.stdout.isatty():
        print(qr_text(link))
    print(f"Set up vigia in the browser, once: {link}", flush=True)
    if secure:
        print("The browser will warn: the site's own CA is new to it.", flush=True)


async def _serve(app: SetupApp, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
    config = uvicorn.Config(
        app, http=Http, ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    config.load()
    config.ssl = tls
    server = Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.done.set)
    end = loop.create_task(_end(app, server))
    try:
        await server.serve(sockets=[sock])
    finally:
        end.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await end


async def _end(app: SetupApp, server: Server) -> None:
    await app.done.wait()
    app.end()
    server.stop()
