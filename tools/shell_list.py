"""The phone's files -> static/shell.mjs: what the service worker keeps, with each file's hash.

    python tools/shell_list.py

Run it after a change to any of these files; tests/test_phone_static.py says when it is due.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "src" / "vigia" / "web" / "static"
TARGET = STATIC / "shell.mjs"
PATTERNS = (
    "core/*.mjs",
    "i18n/*.json",
    "phone/**/*",
    "enrol/*",
    "theme/*.css",
    "vendor/lit/**/*.mjs",
    "vendor/fonts/*.woff2",
    "icons/icon*",
    "manifest.webmanifest",
)
PAGES = {"/": "phone/index.html", "/enrol": "enrol/index.html"}
HASH_CHARS = 16  # of the SHA-256, in hexadecimal: enough to tell versions apart


def shell_files() -> dict[str, str]:
    """Path below static/ -> short hash, sorted by path."""
    paths = {p for pattern in PATTERNS for p in STATIC.glob(pattern) if p.is_file()}
    return {
        p.relative_to(STATIC).as_posix(): sha256(p.read_bytes()).hexdigest()[:HASH_CHARS]
        for p in sorted(paths)
    }


def render() -> str:
    """The text of shell.mjs."""
    files = shell_files()
    version = sha256(json.dumps(files).encode()).hexdigest()[:HASH_CHARS]
    return (
        "// Written by tools/shell_list.py: what the service worker keeps.\n"
        f"\nexport const VERSION = {json.dumps(version)};\n"
        f"export const PAGES = {json.dumps(PAGES, indent=2)};\n"
        f"export const FILES = {json.dumps(files, indent=2)};\n"
    )


def main() -> int:
    text = render()
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    TARGET.write_text(text)
    print(f"{TARGET.name}: written, {len(shell_files())} files", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
