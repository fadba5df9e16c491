"""The phone's files -> the text of shell.mjs: what the service worker keeps, with each file's hash.

Made from the files when it is asked for, not kept beside them: a list kept beside them is one
that somebody forgets to write anew, and then a phone without a network opens the old page.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

NAME = "shell.mjs"
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


class PhoneShell:
    """Of one folder of pages. From any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept: tuple[tuple[tuple[str, int, int], ...], bytes] = ((), b"")

    def files(self) -> dict[str, str]:
        """Path below the folder -> short hash, sorted by path."""
        return {
            p.relative_to(self._root).as_posix(): sha256(p.read_bytes()).hexdigest()[:HASH_CHARS]
            for p in self._paths()
        }

    def render(self) -> bytes:
        """The module's text, read anew only when a file's time or size has changed."""
        stats = [(p, p.stat()) for p in self._paths()]
        seen = tuple((p.as_posix(), s.st_mtime_ns, s.st_size) for p, s in stats)
        kept, text = self._kept
        if kept != seen:
            text = _render(self.files())
            self._kept = (seen, text)
        return text

    def _paths(self) -> list[Path]:
        return sorted({p for pat in PATTERNS for p in self._root.glob(pat) if p.is_file()})


def _render(files: dict[str, str]) -> bytes:
    version = sha256(json.dumps(files).encode()).hexdigest()[:HASH_CHARS]
    return (
        "// Made by run/phone_shell.py: what the service worker keeps.\n"
        f"export const VERSION = {json.dumps(version)};\n"
        f"export const PAGES = {json.dumps(PAGES, indent=2)};\n"
        f"export const FILES = {json.dumps(files, indent=2)};\n"
    ).encode()
