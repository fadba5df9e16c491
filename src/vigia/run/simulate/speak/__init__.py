"""Invented flights -> the bytes of real devices, for integrators without hardware."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from importlib import import_module

import msgspec

from vigia.run.settings import SettingsError

OWN = ("adsb", "sapient")  # devices with a module of their own here; voices.py has the others
FLIGHTS_MAX = 5_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """host, port: of vigia, or where the device would listen; docs/sensors says which."""

    host: str
    port: int
    lat_deg: float
    lon_deg: float
    flights: int
    rate_hz: float
    seconds: float | None  # None: until stopped
    seed: int
    sensor_id: str = "simulated"  # the observation API wants the sensor's name


def speakers() -> list[str]:
    from vigia.run.simulate.speak.voices import VOICES

    return sorted([*OWN, *VOICES])


def speak(name: str, to: str, asked: Asked) -> int:
    """Until stopped or its time is over. Raises SettingsError. Exit code 0."""
    if name not in speakers():
        raise SettingsError(f"--as: got {name!r}; need one of {', '.join(speakers())}")
    host, _, port = to.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise SettingsError(f"--to: got {to!r}; need HOST:PORT such as 127.0.0.1:5020")
    if not 0 < asked.flights <= FLIGHTS_MAX or not 0.0 < asked.rate_hz <= 100.0:
        raise SettingsError(f"need 1 to {FLIGHTS_MAX} flights and a rate over 0, at most 100 Hz")
    wanted = msgspec.structs.replace(asked, host=host, port=int(port))
    try:
        asyncio.run(_run(_speaking(name, wanted), asked.seconds))
    except OSError as e:
        raise SettingsError(f"--to {to}: {e}; start the other side first, or check the port") from e
    return 0


def _speaking(name: str, wanted: Asked) -> AsyncIterator[str]:
    if name in OWN:
        return import_module(f"vigia.run.simulate.speak.{name}").speak(wanted)
    from vigia.run.simulate.speak.voices import VOICES
    from vigia.run.simulate.speak.ways import WAYS

    voice = VOICES[name]
    return WAYS[voice.way](wanted, voice)


async def _run(speaking: AsyncIterator[str], seconds: float | None) -> None:
    """Prints what the speaker says of itself."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        async with asyncio.timeout(seconds):
            async for line in speaking:
                print(line, flush=True)
    except (TimeoutError, asyncio.CancelledError):
        pass
