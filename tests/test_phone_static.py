"""The phone as files: the offline list is fresh, the catalogue complete, node's facts hold."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from vigia.run.phone_shell import PAGES, PhoneShell
from vigia.run.web_files import STATIC, Files

ROOT = Path(__file__).resolve().parent.parent
NODE = shutil.which("node")


def test_a_changed_file_changes_the_offline_list_at_once(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    page = tmp_path / "core" / "a.mjs"
    page.write_text("1")
    files = Files(tmp_path)
    before = files.answer("shell.mjs", {}).body
    assert files.answer("shell.mjs", {}).body == before
    page.write_text("22")
    assert files.answer("shell.mjs", {}).body != before
    assert b"core/a.mjs" in before


def test_all_the_phone_imports_is_kept_offline() -> None:
    """A module outside the list would break the page on the first day without a network."""
    kept = set(PhoneShell(STATIC).files())
    for name in [n for n in kept if n.endswith(".mjs") and not n.startswith("vendor/")]:
        text = (STATIC / name).read_text()
        for target in re.findall(r"(?:from|import)\s+\"(\.[^\"]+)\"", text):
            path = (STATIC / name).parent.joinpath(target).resolve()
            assert path.relative_to(STATIC).as_posix() in kept, f"{name} imports {target}"
    for page in PAGES.values():
        for href in re.findall(r"(?:src|href)=\"/static/([^\"]+)\"", (STATIC / page).read_text()):
            assert href in kept, f"{page}: {href}"


def test_the_manifest_names_icons_that_exist() -> None:
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text())
    assert manifest["start_url"] == "/"
    for icon in manifest["icons"]:
        assert (STATIC / icon["src"].removeprefix("/static/")).is_file()
    assert {"192x192", "512x512"} <= {i["sizes"] for i in manifest["icons"]}


def test_the_worker_never_keeps_the_api() -> None:
    assert not [name for name in PhoneShell(STATIC).files() if name.startswith("api")]
    assert set(PAGES) == {"/", "/enrol"}


def test_every_word_the_pages_say_is_in_the_catalogue() -> None:
    words = json.loads((STATIC / "i18n" / "en.json").read_text())
    for path in [*STATIC.glob("phone/**/*.mjs"), *STATIC.glob("enrol/*.mjs")]:
        for key in re.findall(r"\bt\(\"([\w.-]+)\"", path.read_text()):
            assert key in words, f"{path.name}: {key}"


@pytest.mark.skipif(NODE is None, reason="node is not installed here")
def test_facts_of_the_pure_modules_hold_in_node() -> None:
    files = sorted(str(p) for p in (ROOT / "web-tools" / "tests").glob("phone_*.test.mjs"))
    assert NODE is not None
    run = subprocess.run(
        [NODE, "--test", *files], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stdout[-4000:]
