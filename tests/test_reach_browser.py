"""The Reach tab in a browser: the radio desk's script, who is not reached, telling by radio."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from phone_bench import now_ms
from test_console_browser import Floor, chromium, floor  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser
CALL = {
    "alert_id": "al-4",
    "revision": 2,
    "person_id": "p4",
    "name": "Agent 4",
    "tier": 3,
    "mark": "actual",
    "action": "take_cover",
    "from_point": "n",
    "tried": ["page", "ntfy"],
    "failed": ["page"],
    "ended": False,
    "end_reason": None,
}


def board(calls: list[dict[str, Any]]) -> dict[str, Any]:
    def person(name: str, reach: str, **way: Any) -> dict[str, Any]:
        one = {"channel": "page", "last_ms": None, "why": "", **way}
        return {
            "person_id": name, "name": name, "post_id": None, "reach": reach, "channels": [one],
        }  # fmt: skip

    return {
        "server_ms": now_ms(),
        "people": [
            person("Agent 4", "none", state="silent", why="no open page"),
            person("Agent 5", "proved", state="proved"),
        ],
        "calls": calls,
        "courier": None,
    }


def test_the_desk_is_told_whom_to_call_with_which_words(floor: Floor) -> None:  # noqa: F811
    calls = [CALL | {"earliest_ms": now_ms() + 40_000, "since_ms": now_ms() - 3_000}]
    told: list[Any] = []

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps(board(calls)))

    def tell(route: Route) -> None:
        told.append(route.request.post_data_json)
        calls.clear()
        route.fulfill(status=200, content_type="application/json", body='{"received": true}')

    floor.page.route("**/api/v1/reach", answer)
    floor.page.route("**/api/v1/alerts/al-4/told", tell)
    floor.tell({"t": "calls"})
    tab = floor.page.get_by_role("tab", name="Reach")
    expect(tab.locator(".count")).to_have_text("1")  # on every tab
    tab.click()
    row = floor.page.locator("[data-call=p4]")
    expect(row).to_contain_text("Call Agent 4")
    expect(row).to_contain_text("TAKE COVER. From the north, as soon as 0:")
    expect(row).to_contain_text("Tried: page (failed), ntfy")
    rows = floor.page.locator("[data-person]")
    expect(rows.nth(0)).to_contain_text("NOT reached now")
    row.get_by_role("button", name="Told by radio").click()
    expect(floor.page.locator(".reach")).to_contain_text("Nobody has to be called.")
    assert told == [{"person_id": "p4", "revision": 2}]
    assert floor.errors == []
