"""An attack, its all clear, and the incident made of it, through the real processes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tools.live import Person, live, wait_for

from vigia.terms import Role


def test_an_attack_that_is_over_becomes_one_candidate_by_itself_and_counts_once_verified(
    tmp_path: Path,
) -> None:
    args = ["watch", "--post", "Post 12,31.792,-106.742", "--data", str(tmp_path / "data")]
    with live(args, tmp_path / "data") as running:
        officer = Person.enrolled(running, "Eva Sol", Role.OFFICER, post_id="post-12")
        watch = Person.enrolled(running, "Dana Holt", Role.WATCH_OFFICER)
        where = {"lat_deg": 31.7921, "lon_deg": -106.7421}
        officer.report("r1", attack=True, position=where).raise_for_status()

        def alerts() -> list[dict[str, object]]:
            return watch.http.get("/api/v1/alerts?hours=1").json()["alerts"]

        told = wait_for(alerts, 10)
        path = f"/api/v1/incidents/from-episode/{told[0]['incident_id']}"
        assert watch.http.post(path, json={}).status_code == 409  # it goes on
        hurt = {"word_id": "w", "t_ms": int(time.time() * 1000), "unit": "Post 12", "patients": 2}
        officer.http.post("/api/v1/casualties/c1", json=hurt).raise_for_status()
        clear = {"reason": "searched on foot", "incident_id": told[0]["incident_id"]}
        asked = watch.http.post("/api/v1/all-clear", json=clear).json()
        if "asked" in asked:
            clear |= {"accepts": asked["asked"]["open"], "clear_id": asked["clear_id"]}
            watch.http.post("/api/v1/all-clear", json=clear).raise_for_status()
        wait_for(lambda: all(a["end_reason"] for a in alerts()), 10)

        def records() -> list[dict[str, Any]]:
            rows = watch.http.get("/api/v1/records/incidents").json()["records"]
            return [r for r in rows if r["record"]["episode"] == told[0]["incident_id"]]

        [row] = wait_for(records, 60)
        record = row["record"]
        assert row["by"] is None, "the machine proposed it"
        assert (record["kind"], record["unit"], record["status"]) == (
            "attack",
            "attack",
            "candidate",
        )
        assert record["report_ids"] == ["r1"]
        assert record["casualty_ids"] == ["c1"]
        assert (record["place"]["name"], record["place"]["lat_deg"]) == ("Post 12", 31.7921)
        assert record["harm"][0]["injured"] == {"low": 2, "best": 2, "high": 2}
        whats = [m["what"] for m in record["timeline"]]
        assert {"attack", "hit", "tier.danger", "end.all_clear"} <= set(whats)
        again = watch.http.post(path, json={}).json()
        assert (again["made"], again["id"]) == (False, row["id"]), "pressed too: it is one"
        assert _counted(watch) == 0
        record |= {"status": "verified", "reason": "seen by two officers"}
        body = {"version": row["version"] + 1, "record": record}
        watch.http.post(f"/api/v1/records/incidents/{row['id']}", json=body).raise_for_status()
        assert _counted(watch) == 1
        assert watch.http.post("/api/v1/incidents/from-episode/no", json={}).status_code == 404


def _counted(person: Person) -> int:
    answer = person.http.post("/api/v1/incidents/count", json={"question": {}}).json()
    return answer["total"]["records"]
