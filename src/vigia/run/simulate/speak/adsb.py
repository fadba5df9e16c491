"""Listens as readsb does on its SBS-1 port and tells invented aircraft to whoever connects."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator

from vigia.run.simulate.speak import Asked
from vigia.run.simulate.speak.flights import Flight, flight, place

FOOT_M = 0.3048
KNOT_MPS = 1852.0 / 3600.0
HIGHER_M = 1_500.0  # aircraft fly over it
FASTER = 5.0


async def speak(asked: Asked) -> AsyncIterator[str]:
    listeners: set[asyncio.StreamWriter] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listeners.add(writer)
        try:
            await reader.read()  # they say nothing; this ends when they go
        finally:
            listeners.discard(writer)
            writer.close()

    server = await asyncio.start_server(accept, asked.host, asked.port)
    yield f"SBS-1 of {asked.flights} aircraft at {asked.host}:{asked.port}"
    async with server:
        while True:
            now = time.time()
            text = "".join(_lines(asked, n, now) for n in range(asked.flights)).encode()
            for writer in list(listeners):
                writer.write(text)
            await asyncio.sleep(1.0 / asked.rate_hz)


def _lines(asked: Asked, n: int, now_s: float) -> str:
    slow = flight(n, now_s * FASTER / 2.0, asked.seed)
    at = Flight(
        slow.e_m * 4, slow.n_m * 4, slow.height_m + HIGHER_M, slow.ve_mps * 10, slow.vn_mps * 10
    )
    lat, lon = place(asked.lat_deg, asked.lon_deg, at)
    stamp = (
        time.strftime("%Y/%m/%d,%H:%M:%S", time.gmtime(now_s)) + f".{int(now_s * 1000) % 1000:03}"
    )
    head = f"1,1,{0xA00000 + n:06X},1,{stamp},{stamp}"
    knots = math.hypot(at.ve_mps, at.vn_mps) / KNOT_MPS
    course = math.degrees(math.atan2(at.ve_mps, at.vn_mps)) % 360.0
    feet = at.height_m / FOOT_M
    return (
        f"MSG,4,{head},,,{knots:.1f},{course:.1f},,,0,,,,,0\r\n"
        f"MSG,3,{head},,{feet:.0f},,,{lat:.6f},{lon:.6f},,,0,,0,0\r\n"
    )
