"""The pages' JavaScript keeps its types: `tsc --checkJs`, strict; nothing is built from it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "web-tools" / "types"
STATIC = ROOT / "src" / "vigia" / "web" / "static"
NPM = shutil.which("npm")


@pytest.fixture(scope="module")
def tsc() -> list[str]:
    """Installed by name on first use; without npm, or without its registry, it is said."""
    script = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
    if NPM is None or shutil.which("node") is None:
        pytest.skip("npm is not here: typescript cannot be installed")
    if not script.is_file():
        made = subprocess.run(
            [NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=FOLDER, capture_output=True, text=True, check=False, timeout=280,
        )  # fmt: skip
        if made.returncode != 0:
            pytest.skip(f"npm could not install typescript: {made.stderr[-200:]}")
    return ["node", str(script)]


def checked(tsc: list[str], *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [*tsc, "-p", str(FOLDER), *more], capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def test_the_pages_pass_the_strict_check(tsc: list[str]) -> None:
    code, said = checked(tsc)
    assert code == 0, said[-6_000:]


def test_the_check_reads_every_module_and_the_worker(tsc: list[str]) -> None:
    """A file that falls out of the include pattern would go unchecked for ever."""
    _, said = checked(tsc, "--listFilesOnly")
    read = {Path(line).resolve() for line in said.splitlines()}
    ours = {p for p in STATIC.rglob("*.mjs") if "vendor" not in p.relative_to(STATIC).parts}
    assert ours | {STATIC / "sw.js"} <= read
    assert not [p for p in read if p.name == "lit.mjs"], (
        "the vendor's own files are not ours to check"
    )


def test_a_wrong_word_to_the_server_is_found(tsc: list[str], tmp_path: Path) -> None:
    """The types are no decoration: an answer that the server does not know fails."""
    wrong = tmp_path / "wrong.mjs"
    acks = STATIC / "core" / "acks.mjs"
    wrong.write_text(
        f'import {{ ackKey }} from "{acks}";\n'
        'ackKey({ alert_id: "a", revision: 1, kind: "sure" });\n'
    )
    config = json.loads((FOLDER / "tsconfig.json").read_text())
    config["extends"] = str(FOLDER / "tsconfig.json")
    config["compilerOptions"] = {}
    config["include"] = [str(FOLDER / "*.d.ts"), str(wrong)]
    config["exclude"] = []
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    done = subprocess.run(
        [*tsc, "-p", str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode != 0
    assert "wrong.mjs" in done.stdout
    assert '"sure"' in done.stdout


def test_the_types_know_what_the_protocol_page_names() -> None:
    """Each field of an alert that the phone's types have is on the page of the protocol."""
    page = (ROOT / "docs" / "web-protocol.md").read_text()
    said = re.search(r"^`alert`: `(.*)$", page, re.MULTILINE)
    assert said is not None
    types = (FOLDER / "wire.d.ts").read_text()
    body = re.search(r"interface Alert \{(.*?)\n  \}", types, re.DOTALL)
    assert body is not None
    for field in re.findall(r"^    (\w+)\??:", body.group(1), re.MULTILINE):
        assert re.search(rf"\b{field}\b", said.group(1)), field


def test_the_declarations_are_of_the_vendored_versions() -> None:
    wanted = json.loads((FOLDER / "package.json").read_text())["devDependencies"]
    vendored = json.loads((ROOT / "web-tools" / "package.json").read_text())["devDependencies"]
    assert (wanted["lit"], wanted["maplibre-gl"]) == (vendored["lit"], vendored["maplibre-gl"])
