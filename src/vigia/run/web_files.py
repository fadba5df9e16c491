"""A path under /static -> bytes with an ETag; the headers that every answer has.

Files are read once and kept (some 3 MB); a file that changed on disk is read again, so that an
edit shows on reload.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import msgspec

from vigia.run import phone_shell
from vigia.run.asgi import Answer, HttpError

WEB = Path(__file__).resolve().parents[1] / "web"
STATIC = WEB / "static"
FILE_MAX = 20_000_000
FILES_MAX = 2_000  # kept
GZIP_MIN = 1_000

KINDS = {
    ".html": b"text/html; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json",
    ".webmanifest": b"application/manifest+json",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".woff2": b"font/woff2",
    ".txt": b"text/plain; charset=utf-8",
    ".lock": b"text/plain; charset=utf-8",
    ".md": b"text/plain; charset=utf-8",
    ".pbf": b"application/x-protobuf",
}
_PACKED = (".png", ".woff2")  # compressed already

_IMPORT_MAP = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)


class _File(msgspec.Struct, frozen=True):
    t_ns: int
    body: bytes
    packed: bytes | None
    etag: bytes
    kind: bytes


def content_security_policy(pages: list[Path]) -> bytes:
    """Nothing from elsewhere, no inline script but the import maps these pages hold."""
    maps = [
        found.group(1)
        for p in pages
        if p.is_file()
        for found in _IMPORT_MAP.finditer(p.read_bytes())
    ]
    hashes = sorted(
        {f"'sha256-{base64.b64encode(hashlib.sha256(m).digest()).decode()}'" for m in maps}
    )
    scripts = " ".join(["'self'", *hashes])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ).encode()


def common_headers(*, secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    pages = [
        STATIC / name / "index.html" for name in ("phone", "console", "enrol", "sign-in", "account")
    ]
    headers = [
        (b"content-security-policy", content_security_policy(pages)),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if secure:
        headers.append((b"strict-transport-security", b"max-age=31536000"))
    return tuple(headers)


class Files:
    """Files under one folder; nothing outside it can be named. From any thread."""

    def __init__(self, root: Path = STATIC) -> None:
        self._root = root.resolve()
        self._kept: dict[str, _File] = {}
        self._shell = phone_shell.PhoneShell(self._root)

    def answer(self, name: str, headers: dict[bytes, bytes]) -> Answer:
        """headers: of the request. Raises HttpError(404)."""
        file = self._file(name)
        extra = [(b"etag", file.etag), (b"cache-control", b"no-cache")]
        if name == "sw.js":
            extra.append((b"service-worker-allowed", b"/"))
        if file.packed is not None:
            extra.append((b"vary", b"accept-encoding"))
        if file.etag in headers.get(b"if-none-match", b""):
            return Answer(304, b"", file.kind, tuple(extra))
        if file.packed is not None and b"gzip" in headers.get(b"accept-encoding", b""):
            extra.append((b"content-encoding", b"gzip"))
            return Answer(200, file.packed, file.kind, tuple(extra))
        return Answer(200, file.body, file.kind, tuple(extra))

    def _file(self, name: str) -> _File:
        if name == phone_shell.NAME:
            return _packed(self._shell.render(), 0, ".mjs")
        path = self._root / name
        kind = KINDS.get(path.suffix)
        if kind is None or "\0" in name or "\\" in name:
            raise _no_file(name)
        try:
            path = path.resolve(strict=True)
            seen = path.stat()
        except OSError as e:
            raise _no_file(name) from e
        if not path.is_relative_to(self._root) or not path.is_file() or seen.st_size > FILE_MAX:
            raise _no_file(name)
        kept = self._kept.get(name)
        if kept is not None and kept.t_ns == seen.st_mtime_ns and len(kept.body) == seen.st_size:
            return kept
        file = _packed(path.read_bytes(), seen.st_mtime_ns, path.suffix)
        if len(self._kept) < FILES_MAX:  # beyond it files are read each time
            self._kept[name] = file
        return file


def _packed(body: bytes, t_ns: int, suffix: str) -> _File:
    """suffix: one of KINDS."""
    packed = None
    if len(body) >= GZIP_MIN and suffix not in _PACKED:
        packed = gzip.compress(body, 6, mtime=0)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'.encode()
    return _File(t_ns, body, packed, etag, KINDS[suffix])


def _no_file(name: str) -> HttpError:
    return HttpError(404, "file", got=name, expected="a file of the pages", fix="check the address")
