"""The desk's tabs as people use them, on the real processes, in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools.live import Live, Person, live, takes_people, wait_for

from phone_bench import CHROMIUM, CHROMIUM_ARGS, now_ms
from vigia.records.common import canonical
from vigia.records.example_claims import example_claims
from vigia.terms import Role

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
SMALLEST = {"width": 1366, "height": 768}
SLOW_MS = 30_000
READY_S = 90.0
TABLE = """begins,country,killed,injured,summary,source,url
2024-05-01,MX,2,3-5,drones dropped grenades on a patrol,a paper,https://example.org/1
2024-05-02,MX,,1,drones dropped grenades on a patrol,another paper,https://example.org/1
2025-01-01,CO,0,0,a drone fell,a paper,
never,CO,0,0,,,
"""


class Desk:
    """One browser on one running vigia; a page for each person."""

    def __init__(self, running: Live, browser: Any, shots: Path) -> None:
        self.running = running
        self.browser = browser
        self.shots = shots
        self.errors: list[str] = []

    def sit(self, person: Person) -> Any:
        """The console as that person has it open; without a map, which takes longest to draw."""
        context = self.browser.new_context(viewport=SMALLEST, locale="en-US")
        value = person.http.cookies["vigia_session"]
        context.add_cookies([{"name": "vigia_session", "value": value, "url": self.running.url}])
        page = context.new_page()
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page.goto(f"{self.running.url}/console")
        page.locator(
            "vigia-console[data-watch=ready], vigia-console[data-watch=degraded]"
        ).wait_for(timeout=SLOW_MS)
        page.set_default_timeout(SLOW_MS)
        return page

    def shot(self, page: Any, name: str) -> None:
        page.screenshot(path=str(self.shots / f"desk-{name}.png"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    args = ["watch", "--post", "Post 12,31.792,-106.742", "--post", "Post 9,31.80,-106.70"]
    args += ["--data", str(folder / "data")]
    shots = Path(os.environ.get("VIGIA_ARTEFACTS") or folder)
    with live(args, folder / "data") as running, playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        made = Desk(running, browser, shots)
        wait_for(lambda: takes_people(running), READY_S, 0.5)
        yield made
        browser.close()
        assert made.errors == []


def test_a_bulletin_goes_from_the_template_to_a_second_person_and_its_readers(desk: Desk) -> None:
    ana = Person.enrolled(desk.running, "Ana Ruiz", Role.ANALYST)
    bo = Person.enrolled(desk.running, "Bo Lind", Role.RELEASER)
    officer = Person.enrolled(desk.running, "Eva Sol", Role.OFFICER, post_id="post-12")
    page = desk.sit(ana)
    loaded = page.evaluate("performance.getEntriesByType('resource').map((r) => r.name)")
    assert not [name for name in loaded if "/desk/" in name]  # Watch paints without it
    page.keyboard.press("3")
    page.locator("[data-act=template]").first.click()
    expect(page.locator(".side")).to_contain_text("Nothing is missing")
    title = page.locator(".editor .pair textarea[lang=es]").first
    title.fill("")
    expect(page.locator(".missing")).to_contain_text("in one language only")
    title.fill("Drones con explosivos en la frontera")
    expect(page.locator(".missing")).to_have_count(0)
    page.locator("[data-act=review]").click()
    expect(page.locator("[data-act=release]")).to_be_disabled()  # she wrote it, and may not anyway
    desk.shot(page, "bulletin-edit")

    second = desk.sit(bo)
    second.keyboard.press("3")
    second.locator(".item.review").click()
    second.locator("[data-act=release]").click()
    receipts = second.locator("[data-read]")
    expect(receipts).to_contain_text("0 of 4")
    (mine,) = officer.http.get("/api/v1/bulletins").json()["bulletins"]
    told = {"edition": mine["edition"], "t_ms": 1}
    officer.http.post(f"/api/v1/bulletins/{mine['id']}/read", json=told).raise_for_status()
    expect(receipts).to_contain_text("1 of 4")
    expect(second.locator(".side .who .how-seen")).to_contain_text("Eva Sol")
    desk.shot(second, "bulletin-board")
    page.context.close()
    second.context.close()


class Effort:
    """Seconds of a person's work by the keystroke-level model (Card, Moran, Newell): 0.28 a key of
    an average typist, 1.1 to point, 0.2 to press, 1.35 to make up one's mind before each act."""

    def __init__(self) -> None:
        self.s = 0.0

    def press(self, locator: Any) -> None:
        self.s += 1.35 + 1.1 + 0.2
        locator.click()

    def type(self, locator: Any, words: str) -> None:
        self.s += 1.35 + 1.1 + 0.2 + 0.28 * (len(words) + 2)  # all of the old text is marked first
        locator.fill(words)


def test_the_memo_takes_less_than_two_minutes_of_two_persons_work(desk: Desk) -> None:
    """From an empty desk to released, with a title, a threat and a source of one's own."""
    ana = Person.enrolled(desk.running, "Ana Ruiz", Role.ANALYST)
    bo = Person.enrolled(desk.running, "Bo Lind", Role.RELEASER)
    page, work = desk.sit(ana), Effort()
    work.press(page.get_by_role("tab", name="Bulletins"))
    work.press(page.locator("[data-act=template]").first)
    editor = page.locator(".editor")
    texts = (
        ("Bombs dropped from drones at Post 12", "Bombas lanzadas desde drones en el Puesto 12"),
        ("Two drones dropped bombs on a patrol.", "Dos drones lanzaron bombas a una patrulla."),
    )
    for n, pair in enumerate(texts):
        for lang, words in zip(("en", "es"), pair, strict=True):
            work.type(editor.locator(f".pair textarea[lang={lang}]").nth(n), words)
    work.press(page.locator(".recipients input[type=checkbox]").first)
    expect(page.locator(".side")).to_contain_text("Nothing is missing")
    work.press(page.locator("[data-act=review]"))
    expect(page.locator("[data-act=release]")).to_be_disabled()
    second = desk.sit(bo)
    work.press(second.get_by_role("tab", name="Bulletins"))
    work.press(second.locator(".item.review", has_text="Bombs dropped"))
    work.s += 20.0  # he reads it
    work.press(second.locator("[data-act=release]"))
    expect(second.locator("[data-read]")).to_be_visible()
    assert work.s < 120.0, work.s
    page.context.close()
    second.context.close()


def test_a_small_table_is_imported_its_refused_row_told_and_a_record_verified(desk: Desk) -> None:
    ines = Person.enrolled(desk.running, "Ines Vega", Role.ANALYST)
    page = desk.sit(ines)
    page.keyboard.press("4")
    page.locator("[data-page=imports]").click()
    table = {"name": "a.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    page.locator(".imports input[type=file]").set_input_files(table)
    page.locator("[data-act=take]").click()
    expect(page.locator(".done")).to_contain_text("3 kept, 0 already here, 1 not taken")
    expect(page.locator(".refused tbody tr td").first).to_have_text("4")
    page.locator("[data-page=alike]").click()
    page.locator("[data-act=keep-left]").click()
    expect(page.locator(".toast")).to_contain_text("Merged")
    page.locator("[data-page=records]").click()
    expect(page.locator(".records tbody tr")).to_have_count(2)
    desk.shot(page, "incidents")
    page.locator(".records tbody tr", has_text="fell").locator("button").click()
    (row,) = [
        r
        for r in ines.http.get("/api/v1/records/incidents").json()["records"]
        if r["record"]["summary"] == "a drone fell"
    ]
    quicker = {"version": 2, "record": row["record"] | {"reason": "somebody was quicker"}}
    ines.http.post(f"/api/v1/records/incidents/{row['id']}", json=quicker).raise_for_status()
    page.locator("[data-act=verify]").click()
    page.locator(".refusal button").click()  # read again
    expect(page.locator(".versions li")).to_have_count(2)
    page.locator("[data-act=verify]").click()
    expect(page.locator(".versions li")).to_have_count(3)
    desk.shot(page, "incident")
    page.locator("[data-page=counts]").click()
    expect(page.locator(".sums tfoot")).to_contain_text("2")
    expect(page.locator(".asked")).to_contain_text("vigia incidents count --data DATA --by year")
    sheet = page.locator("[data-figure='time.attack']")
    sheet.get_by_role("button", name="SVG").wait_for()
    for name, word in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as got:
            sheet.get_by_role("button", name=name).click()
        assert Path(got.value.path()).read_bytes().startswith(word)
    with page.expect_download() as got:
        page.locator("[data-paper=es]").click()
    assert Path(got.value.path()).read_bytes().startswith(b"%PDF-")
    square = (
        '{"type":"Feature","properties":{"name":"Box"},"geometry":{"type":"Polygon",'
        '"coordinates":[[[-1,-1],[1,-1],[1,1],[-1,1]]]}}'
    )
    box = {"name": "a.geojson", "mimeType": "application/json", "buffer": square.encode()}
    page.locator("[data-areas]").set_input_files(box)
    expect(page.locator(".sums tfoot")).to_contain_text("+ 2 ?")  # neither has a point
    desk.shot(page, "counts")
    page.context.close()


def test_the_sentence_260_42_0_stands_beside_what_contradicts_it(desk: Desk) -> None:
    ines = Person.enrolled(desk.running, "Ines Vega", Role.ANALYST)
    for claim_id, claim in example_claims().items():
        body = b'{"version":1,"record":' + canonical(claim) + b"}"
        ines.http.post(f"/api/v1/records/claims/{claim_id}", content=body).raise_for_status()
    page = desk.sit(ines)
    page.keyboard.press("4")
    page.locator("[data-page=claims]").click()
    page.locator("[data-claim=claim-260-42-0]").click()
    said = page.locator(".claim")
    expect(said.locator("blockquote")).to_contain_text("260 drone attacks")
    expect(said.locator("[data-verdict=at_least]").first).to_contain_text(
        "a part is larger than the whole"
    )
    expect(said.locator("[data-verdict=other_thing]", has_text="260")).to_contain_text("unit")
    desk.shot(page, "claims")
    page.context.close()


def test_somebody_hurt_is_told_in_every_tab_and_handed_over_once(desk: Desk) -> None:
    watch = Person.enrolled(desk.running, "Dana Holt", Role.WATCH_OFFICER)
    officer = Person.enrolled(desk.running, "Eva Sol", Role.OFFICER, post_id="post-12")
    page = desk.sit(watch)
    page.keyboard.press("4")
    word = {"word_id": "w1", "t_ms": now_ms(), "unit": "Post 12", "patients": 2}
    word |= {"urgency": "urgent"}
    officer.http.post("/api/v1/casualties/c1", json=word).raise_for_status()
    band = page.locator(".hurt-band")
    expect(band).to_contain_text("SOMEBODY IS HURT")
    expect(band).to_contain_text("patients: 2")
    band.get_by_role("button").click()
    report = page.locator("[data-casualty=c1]")
    expect(report.locator(".nine")).to_contain_text("2A urgent")
    expect(page.locator(".people")).to_contain_text("not checked this shift")
    page.locator("[data-act=new-kit]").click()
    page.locator(".kit input").first.fill("Kit 1")
    page.locator("[data-act=keep-kit]").click()
    expect(page.locator(".kit-row")).to_contain_text("complete")
    desk.shot(page, "readiness")
    report.locator("[data-act=handed-over]").click()
    expect(band).to_be_visible()  # asked once more
    report.locator("[data-act=handed-over]").click()
    expect(band).to_have_count(0)
    page.context.close()
