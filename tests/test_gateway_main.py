"""The gateway as a process: start, port in use, TLS, stop, and the end of its parent."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from vigia.events import CoreSettings
from vigia.run.plan import RunPlan, write_plan
from vigia.run.settings import Listen, Storage
from vigia.run.supervise import EXIT_OPERATOR, EXIT_PORT
from vigia.terms import Mark, Position

COMMAND = [sys.executable, "-m", "vigia.run.gateway_main"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plan = RunPlan(
        site_name="Test",
        core=CoreSettings(mode=Mark.DEMO, origin=Position(31.79, -106.75, 0.0)),
        listen=Listen(address="127.0.0.1:0"),
        storage=Storage(),
    )
    write_plan(tmp_path, plan)
    return tmp_path


class Started:
    """A gateway process and the address it told."""

    def __init__(self, folder: Path, *options: str) -> None:
        read, write = os.pipe()
        command = [*COMMAND, "--data", str(folder), "--ready-fd", str(write), *options]
        self.process = subprocess.Popen(
            command, pass_fds=(write,), stderr=subprocess.PIPE, text=True
        )
        os.close(write)
        with os.fdopen(read) as f:
            self.url = f.readline().strip()

    def stop(self) -> tuple[int, str]:
        self.process.terminate()
        _, err = self.process.communicate(timeout=10)
        return self.process.returncode, err


def refused(folder: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [*COMMAND, "--data", str(folder), *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stderr


def test_it_serves_the_first_page_and_stops_cleanly(folder: Path) -> None:
    gateway = Started(folder)
    try:
        with urllib.request.urlopen(gateway.url + "/", timeout=5) as answer:
            assert b"<html" in answer.read().lower()
    finally:
        code, err = gateway.stop()
    assert (code, err) == (0, "")


def test_a_port_in_use_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, err = refused(folder, "--listen", f"127.0.0.1:{port}")
    assert code == EXIT_PORT
    assert f"127.0.0.1:{port} is in use by another program" in err
    assert "Traceback" not in err


def test_beyond_this_machine_there_is_no_plain_http(folder: Path) -> None:
    code, err = refused(folder, "--listen", "0.0.0.0:0", "--tls", "off")
    assert code == EXIT_OPERATOR
    assert "only HTTPS is served" in err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--listen", "192.0.2.7:0"), "need an address of this machine"),
        (("--tls", "no.crt,no.key"), "PEM certificate"),
        (("--tls", "alone.crt"), "need both"),
    ],
)
def test_the_operators_mistakes_are_one_line(
    folder: Path, options: tuple[str, ...], word: str
) -> None:
    code, err = refused(folder, *options)
    assert code == EXIT_OPERATOR
    assert word in err
    assert len(err.strip().splitlines()) == 1


def test_it_makes_its_own_ca_and_serves_https(folder: Path) -> None:
    gateway = Started(folder, "--tls", "auto")
    try:
        assert gateway.url.startswith("https://127.0.0.1:")
        trust = ssl.create_default_context(cafile=str(folder / "keys" / "tls" / "ca.crt"))
        with urllib.request.urlopen(gateway.url + "/enrol", timeout=5, context=trust) as answer:
            assert answer.status == 200
        port = gateway.url.rpartition(":")[2]
        with pytest.raises(OSError, match=r"."):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
    finally:
        assert gateway.stop()[0] == 0


def test_it_ends_when_its_supervisor_is_gone(folder: Path) -> None:
    """The port is free again for the next start."""
    script = (
        "import os, subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-m', 'vigia.run.gateway_main', '--data',"
        " sys.argv[1], '--ready-fd', sys.argv[2]], pass_fds=(int(sys.argv[2]),))\n"
        "print(p.pid, flush=True)\n"
        "p.wait()\n"
    )
    read, write = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(folder), str(write)],
        pass_fds=(write,),
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    with os.fdopen(read) as f:
        port = int(f.readline().strip().rpartition(":")[2])
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the gateway outlived its supervisor")
