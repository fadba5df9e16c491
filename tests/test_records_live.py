"""Records through the real processes: import, change, count, confront, restart, ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tools.live import Person, live, wait_for

from vigia.records.common import canonical
from vigia.records.example_claims import example_claims
from vigia.run.ledger_store import LedgerError, LedgerReader
from vigia.terms import Role

TABLE = """begins,country,killed,injured,summary,source,url
2024-05-01,MX,2,3-5,drones dropped grenades on a patrol,a paper,https://example.org/1
2024-05-02,MX,,1,drones dropped grenades on a patrol,another paper,https://example.org/1
2025-01-01,CO,0,0,a drone fell,a paper,
never,CO,0,0,,,
"""


def test_records_are_kept_counted_and_proved_through_the_real_processes(tmp_path: Path) -> None:
    args = ["watch", "--post", "Post 1,31.8,-106.7", "--data", str(tmp_path / "data")]
    with live(args, tmp_path / "data") as running:
        analyst = Person.enrolled(running, "Ines Vega", Role.ANALYST)
        http = analyst.http
        told = http.post("/api/v1/incidents/import", json={"text": TABLE}).json()
        assert (told["kept"], told["had"]) == (3, 0)
        assert told["refused"][0]["row"] == 4
        again = http.post("/api/v1/incidents/import", json={"text": TABLE}).json()
        assert (again["kept"], again["had"]) == (0, 3)

        (pair,) = http.get("/api/v1/incidents/alike").json()["pairs"]
        merged = _record(http, pair["b"]) | {"status": "merged", "merged_into": pair["a"]}
        path = f"/api/v1/records/incidents/{pair['b']}"
        assert http.post(path, json={"version": 2, "record": merged}).status_code == 200
        late = http.post(path, json={"version": 2, "record": merged})
        assert late.status_code == 409
        assert late.json()["error"]["expected"] == "3"
        bad = http.post(path, json={"version": 3, "record": merged | {"begins": "soon"}})
        assert bad.status_code == 400
        assert "need a date" in bad.json()["error"]["what"]

        question = {"question": {"by": ["country"], "countries": ["MX"]}}
        count = http.post("/api/v1/incidents/count", json=question).json()
        assert count["total"]["records"] == 1
        assert count["left_out"] == {"country": 1, "status": 1}

        for claim_id, claim in example_claims().items():
            body = b'{"version":1,"record":' + canonical(claim) + b"}"
            http.post(f"/api/v1/records/claims/{claim_id}", content=body).raise_for_status()
        found = http.get("/api/v1/claims/claim-260-42-0/confront").json()["comparisons"]
        assert "at_least" in {c["verdict"] for c in found}
        assert len(wait_for(lambda: _in_ledger(running.folder, 9), 10)) == 9

    with live(args, tmp_path / "data") as running:  # all is back from the journal
        http = Person.enrolled(running, "Ines Vega", Role.ANALYST).http
        rows = wait_for(lambda: http.get("/api/v1/records/incidents").json()["records"], 5)
        assert sorted(r["version"] for r in rows) == [1, 1, 2]
        versions = http.get(path).json()["versions"]
        assert [v["record"]["status"] for v in versions] == ["candidate", "merged"]
        assert "begins" in http.get("/api/v1/incidents/export?format=csv").text


def _record(http: Any, record_id: str) -> dict[str, Any]:
    return http.get(f"/api/v1/records/incidents/{record_id}").json()["versions"][-1]["record"]


def _in_ledger(folder: Path, n: int) -> list[bytes]:
    try:
        reader = LedgerReader(folder)
    except LedgerError:
        return []  # it is being begun
    try:
        found = [e for _, e in reader.entries(0, 10_000) if b'"kind":"record"' in e]
    finally:
        reader.close()
    return found if len(found) >= n else []
