"""The OpenAPI document is whole, and the server keeps to it under fuzzing (schemathesis)."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from asyncio import AbstractEventLoop, Event
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
import uvloop
from hypothesis import HealthCheck, Phase, given, seed, settings

from gateway_world import Phone, World, world
from vigia.run.openapi import NO_BODY, TYPES, document
from vigia.run.roles import ROUTES
from vigia.terms import Role

EXAMPLES = 2  # of each door
UNTYPED_MAX = 6  # POSTs whose type is not told yet (one takes XML)
SKIPPED = {"post_sign_out", "post_end_person", "post_end_session"}  # they end the fuzzer's session


def test_every_door_of_the_api_is_in_it_with_the_type_it_takes() -> None:
    doc = document()
    for route in ROUTES:
        if route.path.startswith("/api/"):
            found = doc["paths"][route.path.replace("*}", "}")][route.method.lower()]
            takes = route.method == "POST" and route.handler not in NO_BODY
            assert ("requestBody" in found) == takes
    posts = {r.handler for r in ROUTES if r.method == "POST"} - NO_BODY
    assert len(posts - set(TYPES)) <= UNTYPED_MAX, posts - set(TYPES)
    assert doc["openapi"] == "3.1.0"
    text = json.dumps(doc)
    for ref in set(part.split('"')[0] for part in text.split("#/components/schemas/")[1:]):
        assert ref in doc["components"]["schemas"]


def test_the_command_prints_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vigia", "openapi"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == json.loads(json.dumps(document()))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Phone]]:
    """A gateway on a real port, on a loop of its own, with an admin's session."""
    ready, over = threading.Event(), Event()
    held: list[Any] = []
    loop: AbstractEventLoop = uvloop.new_event_loop()

    async def serve() -> None:
        async with world(tmp_path_factory.mktemp("fuzzed")) as w:
            w.gateway.guesses.allows = lambda address, *, now_s: True  # type: ignore[method-assign]
            held.extend((w, await w.enrolled(Role.ADMIN, "root")))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(20)
    yield held[0], held[1]
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


def test_no_request_that_can_be_made_from_it_breaks_the_server(
    served: tuple[World, Phone],
) -> None:
    """Valid and invalid ones: answered as the document says, or refused in the house's words."""
    w, admin = served
    schema = schemathesis.openapi.from_dict(document())
    cookie = f"vigia_session={admin.http.cookies['vigia_session']}"
    seen: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        name = operation.definition.raw["operationId"]
        if name in SKIPPED:
            continue

        _fuzz(operation, lambda case, n=name: _try(case, n, w.url, cookie, seen))
    assert len(seen) >= len(ROUTES) // 2
    reached = {name for name, codes in seen.items() if codes & {200, 302}}
    assert len(reached) >= 20, sorted(reached)  # not only refusals


def _fuzz(operation: Any, attempt: Callable[[Any], None]) -> None:
    @seed(7)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def fuzz(case: Any) -> None:
        attempt(case)

    fuzz()


def _try(case: Any, name: str, url: str, cookie: str, seen: dict[str, set[int]]) -> None:
    answer = case.call(base_url=url, headers={"Cookie": cookie}, timeout=10)
    status = answer.status_code
    seen.setdefault(name, set()).add(status)
    assert status < 500 or status == 503, (name, status, answer.text)
    if status >= 400:
        assert set(answer.json()["error"]) == {"what", "got", "expected", "fix"}, name
    elif status == 200:
        case.validate_response(answer, checks=[_schema_check])


def _schema_check(*args: Any, **kwargs: Any) -> Any:
    from schemathesis.specs.openapi.checks import response_schema_conformance

    return response_schema_conformance(*args, **kwargs)
