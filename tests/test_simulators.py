"""What `vigia simulate --as` says is what the adapters read; forty drones at once stay forty."""

from __future__ import annotations

import asyncio
import importlib
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from tools.live import Live, free_port, live, wait_for

from vigia.events import Fault, Observation, OperatorSeen
from vigia.run.settings import SettingsError
from vigia.run.simulate.speak import Asked, speak, speakers
from vigia.run.simulate.speak import adsb as sbs
from vigia.run.simulate.speak import sapient as radar
from vigia.run.simulate.speak.drones import drones
from vigia.run.simulate.speak.voices import VOICES
from vigia.run.simulate.speak.ways import WAYS
from vigia.wire.sapient import framed

T_S = 1_767_226_300.0
SWARM = 40
ASKED = Asked(
    host="127.0.0.1", port=1, lat_deg=31.79, lon_deg=-106.75, flights=SWARM, rate_hz=1.0,
    seconds=None, seed=3,
)  # fmt: skip
ADAPTER = {"readsb": "adsb"}
CREWED = {"readsb"}  # they broadcast no operator, and their height is another one


def adapter(name: str, sensor_id: str = "simulated") -> Any:
    return importlib.import_module(f"vigia.sensors.{ADAPTER.get(name, name)}").Adapter(sensor_id)


def heard(name: str, t_s: float, sensor: Any) -> list[Any]:
    """One burst: everything at the same moment of receipt."""
    t_ns = round(t_s * 1e9) + 50_000_000
    voice = VOICES[name]
    take = sensor.feed if voice.way == "listen" else getattr(sensor, "feed_message", sensor.feed)
    out: list[Any] = sensor.feed(voice.head, t_ns) if voice.head else []
    for message in voice.said(ASKED, t_s):
        out += take(message, t_ns)
    return out


def rows(out: list[Any]) -> list[Any]:
    return [row for body in out if isinstance(body, Observation) for row in body.scan.rows()]


@pytest.mark.parametrize("name", sorted(VOICES))
def test_a_swarm_in_one_burst_comes_through_whole(name: str) -> None:
    """A peer passes on 1 of 40."""
    out = heard(name, T_S, adapter(name))
    assert not [body for body in out if isinstance(body, Fault)]
    found = {bytes(row["identity"]).decode(): row for row in rows(out)}
    told = drones(ASKED, T_S)
    assert len(found) == SWARM
    if name in CREWED:
        return
    for drone in told:
        row = found[drone.serial]
        assert (row["lat_deg"], row["lon_deg"]) == pytest.approx(
            (drone.lat_deg, drone.lon_deg), abs=1e-5
        )
    operators = {body.uas_id for body in out if isinstance(body, OperatorSeen)}
    if name not in ("observations", "mavlink_odid", "remote_id"):
        assert operators == {drone.serial for drone in told}


@pytest.mark.parametrize("name", sorted(VOICES))
def test_they_are_all_there_again_a_second_later(name: str) -> None:
    sensor = adapter(name)
    heard(name, T_S, sensor)
    voice = VOICES[name]
    take = sensor.feed if voice.way == "listen" else getattr(sensor, "feed_message", sensor.feed)
    t_ns = round((T_S + 2.0) * 1e9) + 50_000_000
    out = [body for message in voice.said(ASKED, T_S + 2.0) for body in take(message, t_ns)]
    assert len(rows(out)) == SWARM


def test_a_swarm_on_one_radar_and_on_one_sbs_stream_comes_through_whole() -> None:
    node, chance = radar.own_id("swarm"), random.Random(1)
    sensor = adapter("sapient", "radar")
    now_ns = time.time_ns()  # this speaker stamps with the clock
    hello = [radar.registration(node), radar.status(node, 31.79, -106.75, 0.0)]
    out = [b for m in hello for b in sensor.feed(framed(m), now_ns)]
    said = [radar.detection(node, n, now_ns / 1e9, 3, chance) for n in range(SWARM)]
    burst = b"".join(framed(message) for message in said if message is not None)
    out = sensor.feed(burst, time.time_ns())
    assert len(rows(out)) == sum(message is not None for message in said) >= SWARM - 2
    lines = "".join(sbs._lines(ASKED, n, T_S) for n in range(SWARM)).encode()
    found = rows(adapter("adsb").feed(lines, round(T_S * 1e9) + 50_000_000))
    assert len({bytes(row["identity"]) for row in found}) == SWARM


def test_an_unknown_speaker_or_place_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match="need one of adsb, dji_antsdr"):
        speak("radio", "127.0.0.1:1", ASKED)
    with pytest.raises(SettingsError, match="HOST:PORT"):
        speak("dragonsync", "127.0.0.1", ASKED)
    assert set(speakers()) > {"sapient", "adsb", "dragonsync", "observations"}


# ---- a whole site on simulators -----------------------------------------------------------------

KEY = "fedcba9876543210fedcba9876543210"
SOURCES = {
    "listen": "tcp://127.0.0.1:{}",
    "answer": "poll+http://127.0.0.1:{}/api/drones?every_s=0.5",
    "datagrams": "udp://127.0.0.1:{}",
    "zmq": "zmq://127.0.0.1:{}",
    "mqtt": "mqtt://127.0.0.1:{}/%23",
    "post": "api",
}


def settings(ports: dict[str, int], webhook: int) -> str:
    text = "[site]\nlat_deg = 31.79\nlon_deg = -106.75\nalt_hae_m = 1200.0\n"
    text += '[[posts]]\nid = "1"\nname = "Post 1"\nlat_deg = 31.79\nlon_deg = -106.75\n'
    for name, port in ports.items():
        source = SOURCES[VOICES[name].way].format(port)
        text += f'[sensors.{name}]\nadapter = "{ADAPTER.get(name, name)}"\nsource = "{source}"\n'
        text += 'authority = "a test: broadcasts of nobody"\n'
        if source == "api":
            text += 'key_env = "VIGIA_TEST_KEY"\nkind = "remote_id"\n'
    text += f'[channels.slow]\nkind = "webhook"\nurl = "http://127.0.0.1:{webhook}/in"\n'
    return text + 'secret = "env:VIGIA_TEST_HOOK"\n'


class Silent:
    """A web server that takes every connection and never answers."""

    def __init__(self) -> None:
        self.asked: list[socket.socket] = []
        self._sock = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._sock.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                self.asked.append(self._sock.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        self._thread.join(5)
        for one in self.asked:
            one.close()


class Speaking:
    """All simulators on one loop in a thread of the test."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports = ports
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        for name, port in self._ports.items():
            self._loop.create_task(self._speak(name, port))
        self._loop.run_forever()

    async def _speak(self, name: str, port: int) -> None:
        asked = msgspec.structs.replace(
            ASKED, port=port, flights=3, rate_hz=2.0, seed=len(name), sensor_id=name
        )
        while True:
            try:
                async for _ in WAYS[VOICES[name].way](asked, VOICES[name]):
                    pass
            except (OSError, SettingsError):
                await asyncio.sleep(0.2)

    def stop(self) -> None:
        async def all_off() -> None:
            tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(all_off(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Live, dict[str, int], Silent]]:
    folder = tmp_path_factory.mktemp("simulated")
    broker = shutil.which("mosquitto")
    names = [name for name, voice in VOICES.items() if broker or voice.way != "mqtt"]
    ports = {name: free_port() for name in names}
    hook = Silent()
    (folder / "site.toml").write_text(settings(ports, hook.port))
    data = folder / "data"
    args = ["watch", "--settings", str(folder / "site.toml"), "--data", str(data)]
    started: list[subprocess.Popen[bytes]] = []
    speaking: list[Speaking] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIGIA_TEST_KEY", KEY)
        patch.setenv("VIGIA_KEY", KEY)
        patch.setenv("VIGIA_TEST_HOOK", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
        try:
            if broker:
                conf = folder / "mosquitto.conf"
                conf.write_text(f"listener {ports['dronescout']} 127.0.0.1\nallow_anonymous true\n")
                quiet = subprocess.DEVNULL
                started.append(subprocess.Popen([broker, "-c", str(conf)], stderr=quiet))
            with live(args, data) as running:
                ports = {**ports, "observations": running.port}
                speaking.append(Speaking(ports))
                yield running, ports, hook
        finally:
            for one in speaking:
                one.stop()
            for process in started:
                process.terminate()
                process.wait(10)
            hook.close()


def known(running: Live) -> dict[str, dict[str, Any]]:
    answer = httpx.get(f"{running.url}/api/v1/sensors").json()
    found = answer.get("sensors", [])  # none while it starts
    return {sensor["sensor_id"]: sensor for sensor in found}


def test_every_simulated_sensor_is_ok_and_counted_in_vigia_sensors(
    site: tuple[Live, dict[str, int], Silent],
) -> None:
    running, ports, _ = site

    def all_heard() -> dict[str, dict[str, Any]] | None:
        by_name = known(running)
        quiet = [n for n in ports if by_name.get(n, {}).get("detections", 0) < 6]
        return None if quiet else by_name

    sensors = wait_for(all_heard, 60.0, 0.3)
    for name in ports:
        assert sensors[name]["state"] == "ok", sensors[name]
        assert sensors[name]["rate_hz"] > 0.0
        assert sensors[name]["last_ms"] is not None
    listed = subprocess.run(
        ["vigia", "sensors", "--data", str(running.folder)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = {line.split()[0]: line for line in listed.split("sensors of")[1].splitlines()[1:]}
    for name in ports:
        assert " ok " in lines[name], listed


def test_a_webhook_that_never_answers_does_not_stop_the_ears(
    site: tuple[Live, dict[str, int], Silent],
) -> None:
    """A peer's ingest stands still for ten seconds at each call of a slow webhook."""
    running, ports, hook = site
    wait_for(lambda: hook.asked, 60.0, 0.2)  # a drone came near the post and the alert went out
    before = known(running)
    wait_for(
        lambda: all(known(running)[n]["detections"] >= before[n]["detections"] + 9 for n in ports),
        10.0,
        0.3,
    )
    assert len(hook.asked) < 20  # still hanging, and not asked again and again
