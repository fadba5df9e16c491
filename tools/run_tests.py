"""The test command: every area in turn, with its budget, then what was left out and why.

Exit code 0 only when every area passed. Areas: lint (style, types, import contracts), unit,
browser, worlds.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# area, budget in seconds, command
AREAS: list[tuple[str, int, list[str]]] = [
    ("ruff", 30, ["ruff", "check", "."]),
    ("format", 30, ["ruff", "format", "--check", "."]),
    ("contracts", 30, ["lint-imports"]),
    ("types", 120, ["pyright"]),
    (
        "unit",
        420,
        [sys.executable, "-m", "pytest", "-n", "2", "-m", "not browser and not worlds", "-rs"],
    ),
    ("browser", 330, [sys.executable, "-m", "pytest", "-m", "browser", "-rs"]),
    ("worlds", 360, [sys.executable, "-m", "pytest", "-n", "2", "-m", "worlds", "-rs"]),
]
TOTAL_S = 1050


def main() -> int:
    start = time.monotonic()
    rows: list[tuple[str, float, int, bool]] = []
    skipped: list[str] = []
    wanted = sys.argv[1:]
    for name, budget_s, command in AREAS:
        if wanted and name not in wanted:
            continue
        print(f"== {name}", flush=True)
        t = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        took = time.monotonic() - t
        print(done.stdout, end="", flush=True)
        skipped += re.findall(r"^SKIPPED .*$", done.stdout, re.MULTILINE)
        rows.append((name, took, budget_s, done.returncode == 0))
    total = time.monotonic() - start
    print("\narea        took   budget")
    for name, took, budget_s, ok in rows:
        late = " over its budget" if took > budget_s else ""
        print(f"{name:10} {took:5.0f} s {budget_s:5d} s  {'ok' if ok else 'FAILED'}{late}")
    print(f"{'all':10} {total:5.0f} s {TOTAL_S:5d} s")
    print(f"\nleft out: {len(skipped)}")
    for line in skipped:
        print(f"  {line}")
    return 0 if all(ok for *_, ok in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
