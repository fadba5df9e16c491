"""A document that is asked for again and again: poll+http:// and poll+https://."""

from __future__ import annotations

import asyncio
import os
import ssl

import httpx

from vigia.run.transports.ears import Ears
from vigia.run.transports.url import Source, every_s

BODY_MAX = 4_000_000
ANSWER_S = 5.0


class Poller:
    """Each answer is one message. A failure ends the life of the connection and says why."""

    def __init__(self, source: Source) -> None:
        self._source = source
        host = f"[{source.host}]" if ":" in source.host else source.host
        scheme = source.scheme.removeprefix("poll+")
        self._url = f"{scheme}://{host}:{source.port}{source.path}"

    async def run(self, ears: Ears) -> None:
        options = self._source.options
        auth = None
        if "user" in options:
            auth = (options["user"], os.environ.get(options.get("password_env", ""), ""))
        verify: ssl.SSLContext | bool = True
        if "ca" in options:
            verify = ssl.create_default_context(cafile=options["ca"])
        talk = ears.opened(self._url, None)
        loop = asyncio.get_running_loop()
        try:
            async with httpx.AsyncClient(verify=verify, timeout=ANSWER_S, trust_env=False) as http:
                while True:
                    due_s = loop.time() + every_s(self._source)
                    async with asyncio.timeout(ANSWER_S):
                        talk.message(await self._ask(http, auth))
                    await asyncio.sleep(max(0.0, due_s - loop.time()))
        except TimeoutError as e:
            raise OSError(f"no answer within {ANSWER_S:.0f} s") from e
        except httpx.HTTPError as e:
            raise OSError(f"{type(e).__name__}: {e}") from e
        finally:
            talk.over()

    async def _ask(self, http: httpx.AsyncClient, auth: tuple[str, str] | None) -> bytes:
        body = bytearray()
        async with http.stream("GET", self._url, auth=auth) as answer:
            if answer.status_code != 200:
                raise OSError(f"the server answered {answer.status_code}")
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > BODY_MAX:
                    raise OSError(f"the answer is longer than {BODY_MAX} bytes")
        return bytes(body)
