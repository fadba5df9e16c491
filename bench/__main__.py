"""`make bench`: every benchmark in turn; `python -m bench NAME...` for some of them."""

from __future__ import annotations

import importlib
import platform
import sys
from pathlib import Path

NAMES = [p.stem for p in sorted(Path(__file__).parent.glob("*.py")) if not p.stem.startswith("_")]


def main() -> int:
    wanted = sys.argv[1:] or NAMES
    del sys.argv[1:]  # some benches have options of their own
    unknown = [n for n in wanted if n not in NAMES]
    if unknown:
        print(f"bench: got {', '.join(unknown)}; need some of {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    for name in wanted:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
