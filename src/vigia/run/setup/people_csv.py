"""A table of people (CSV) -> rows, and for each row that cannot be taken, why, by its line.

Columns by name in the first line, in any order, English or Spanish: name, role, post, language.
Comma, semicolon or tab; roles and posts as people write them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

import msgspec

from vigia.run.page_json import NAME_MAX
from vigia.terms import Lang, Role

PEOPLE_MAX = 10_000
TEXT_MAX = 2_000_000
ERRORS_MAX = 50  # shown; the rest is counted
COLUMNS = {
    "name": "name", "nombre": "name",
    "role": "role", "rol": "role", "función": "role", "funcion": "role",
    "post": "post", "puesto": "post",
    "language": "lang", "lang": "lang", "idioma": "lang", "lengua": "lang",
}  # fmt: skip
ROLES = {
    "": Role.AGENT, "agent": Role.AGENT, "officer": Role.AGENT, "agente": Role.AGENT,
    "watch officer": Role.WATCH_OFFICER, "watch_officer": Role.WATCH_OFFICER,
    "oficial de guardia": Role.WATCH_OFFICER, "guardia": Role.WATCH_OFFICER,
    "analyst": Role.ANALYST, "analista": Role.ANALYST,
    "viewer": Role.VIEWER,
    "observador": Role.VIEWER,
    "releaser": Role.RELEASER,
    "firmante": Role.RELEASER,
    "admin": Role.ADMIN, "administrator": Role.ADMIN, "administrador": Role.ADMIN,
    "administradora": Role.ADMIN,
}  # fmt: skip
LANGS = {
    "": Lang.EN, "en": Lang.EN, "english": Lang.EN, "inglés": Lang.EN, "ingles": Lang.EN,
    "es": Lang.ES, "spanish": Lang.ES, "español": Lang.ES, "espanol": Lang.ES,
}  # fmt: skip


class Row(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    role: Role
    lang: Lang
    post_id: str | None


class RowError(msgspec.Struct, frozen=True, kw_only=True):
    """line: as an editor counts them. key: in the catalogue, as setup.csv.KEY."""

    line: int
    key: str
    got: str
    need: str = ""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    rows: tuple[Row, ...]
    errors: tuple[RowError, ...]
    errors_all: int


def read_people(text: str, posts: Sequence[tuple[str, str]]) -> Table:
    """posts: (id, name). Never raises; nothing is taken from a row with a mistake."""
    text = text[:TEXT_MAX].lstrip("\ufeff")
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        return _table([], [RowError(line=1, key="empty", got="")])
    reader = csv.reader(StringIO(text), delimiter=_delimiter(lines[0]))
    try:
        head = [COLUMNS.get(cell.strip().lower(), "") for cell in next(reader)]
        if "name" not in head:
            return _table([], [RowError(line=1, key="head", got=lines[0][:100])])
        return _rows(((reader.line_num, cells) for cells in reader), head, dict(posts))
    except csv.Error as e:
        return _table([], [RowError(line=reader.line_num, key="broken", got=str(e))])


def _delimiter(first: str) -> str:
    return max(",;\t", key=first.count)


def _rows(lines: Iterable[tuple[int, list[str]]], head: list[str], posts: dict[str, str]) -> Table:
    rows: list[Row] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= PEOPLE_MAX:
            errors.append(RowError(line=line, key="many", got="", need=str(PEOPLE_MAX)))
            break
        fields = {key: cell.strip() for key, cell in zip(head, cells, strict=False) if key}
        found = _row(fields, line, posts)
        if isinstance(found, RowError):
            errors.append(found)
        elif found.name.lower() in seen:
            need = str(seen[found.name.lower()])
            errors.append(RowError(line=line, key="twice", got=found.name, need=need))
        else:
            seen[found.name.lower()] = line
            rows.append(found)
    return _table(rows, errors)


def _row(fields: dict[str, str], line: int, posts: dict[str, str]) -> Row | RowError:
    name, role = fields.get("name", ""), fields.get("role", "").lower()
    post, lang = fields.get("post", ""), fields.get("lang", "").lower()
    if not 1 <= len(name) <= NAME_MAX:
        return RowError(line=line, key="name", got=name[:40], need=str(NAME_MAX))
    if role not in ROLES:
        return RowError(
            line=line, key="role", got=role, need="agent, watch officer, analyst, admin"
        )
    if lang not in LANGS:
        return RowError(line=line, key="lang", got=lang, need="en, es")
    post_id = None
    if post:
        ids = [i for i, n in posts.items() if post.lower() in (i.lower(), n.lower())]
        if not ids:
            return RowError(line=line, key="post", got=post, need=", ".join(posts.values())[:200])
        post_id = ids[0]
    return Row(name=name, role=ROLES[role], lang=LANGS[lang], post_id=post_id)


def _table(rows: list[Row], errors: list[RowError]) -> Table:
    return Table(rows=tuple(rows), errors=tuple(errors[:ERRORS_MAX]), errors_all=len(errors))
