"""A serial line: serial:///dev/ttyUSB0?baud=115200."""

from __future__ import annotations

import asyncio

import serial  # pyserial

from vigia.run.transports.ears import READ, Ears
from vigia.run.transports.url import Source, baud


class SerialPort:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def run(self, ears: Ears) -> None:
        loop = asyncio.get_running_loop()
        try:
            port = serial.Serial(
                self._source.path, baud(self._source), timeout=0, write_timeout=0, exclusive=True
            )
        except (serial.SerialException, ValueError) as e:
            raise OSError(f"{self._source.path}: {e}") from e
        talk = ears.opened(self._source.path, lambda data: _write(port, data, ears))
        over: asyncio.Future[None] = loop.create_future()

        def ready() -> None:
            try:
                data = bytes(port.read(READ))
            except (serial.SerialException, OSError) as e:
                data, why = b"", f"{self._source.path}: {e}"
            else:
                why = f"{self._source.path}: the device is gone"
            if data:
                talk.stream(data)
            elif not over.done():
                over.set_exception(OSError(why))

        loop.add_reader(port.fileno(), ready)
        try:
            await over
        finally:
            loop.remove_reader(port.fileno())
            port.close()
            talk.over()


def _write(port: serial.Serial, data: bytes, ears: Ears) -> None:
    try:
        port.write(data)
    except (serial.SerialException, OSError) as e:
        ears.fault(f"nothing can be sent: {e}")
