"""Sessions that were opened -> which there are, and which were ended before their time.

A cookie proves itself (sessions.py); this book lets its owner see it and end it at once. What is
ended is known in memory, so that no request waits for a disk, and on disk before the ender is
answered. Ending everything of a person is a moment: every cookie from before it is void.
"""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec

from vigia.run.gateway_store import opened

OPEN_MAX = 50_000  # listed; a session beyond it stays good and is ended by its person's moment
ENDED_MAX = 200_000
CUTS_MAX = 100_000
WHERE_MAX = 120  # characters of address and browser
_SCHEMA = """
CREATE TABLE IF NOT EXISTS logins(
    login_id TEXT PRIMARY KEY, person_id TEXT NOT NULL, t_end_s INTEGER NOT NULL,
    ended INTEGER NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cuts(
    person_id TEXT PRIMARY KEY, t_ms INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One session as its person sees it. method: key, password, passkey, recovery, oidc."""

    login_id: str
    person_id: str
    device_id: str
    method: str
    t_open_ms: int
    t_end_s: int
    address: str = ""
    browser: str = ""


class SessionBook:
    """Thread-safe. save() and end() wait for the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._open: dict[str, Login] = {}
        self._ended: dict[str, int] = {}  # login_id -> t_end_s of its cookie
        self._cuts: dict[str, int] = {}
        self._unsaved: dict[str, Login] = {}

    def load(self, *, now_s: int) -> None:
        """What earlier processes knew. Raises OSError or sqlite3.Error."""
        with opened(self._folder, _SCHEMA) as db:
            db.execute("DELETE FROM logins WHERE t_end_s < ?", (now_s,))
            rows = db.execute("SELECT ended, body FROM logins ORDER BY t_end_s").fetchall()
            cuts = db.execute("SELECT person_id, t_ms FROM cuts").fetchall()
        with self._lock:
            for ended, body in rows:
                login = msgspec.json.decode(body, type=Login)
                if ended:
                    self._ended[login.login_id] = login.t_end_s
                else:
                    self._open[login.login_id] = login
            self._cuts.update(cuts)

    # ---- asked at every request ------------------------------------------------------------

    def is_void(self, login_id: str, person_id: str, t_open_ms: int) -> bool:
        return login_id in self._ended or t_open_ms <= self._cuts.get(person_id, -1)

    def after_cut(self, person_id: str, now_ms: int) -> int:
        """When a session begins that must outlive what was ended just now."""
        return max(now_ms, self._cuts.get(person_id, -1) + 1)

    # ---- sessions come and go --------------------------------------------------------------

    def opened(self, login: Login) -> None:
        with self._lock:
            self._open[login.login_id] = self._unsaved[login.login_id] = login
            if len(self._open) > OPEN_MAX:
                gone = next(iter(self._open))
                del self._open[gone]
                self._unsaved.pop(gone, None)

    def save(self) -> None:
        """New ones; a crash before it loses a line of the list, never a session's end."""
        with self._lock:
            logins, self._unsaved = list(self._unsaved.values()), {}
        if not logins:
            return
        try:
            with opened(self._folder, _SCHEMA) as db:
                db.executemany(
                    "INSERT OR IGNORE INTO logins VALUES (?, ?, ?, 0, ?)", map(_row, logins)
                )
        except BaseException:
            with self._lock:
                self._unsaved = {one.login_id: one for one in logins} | self._unsaved
            raise

    def of_person(self, person_id: str, *, now_s: int) -> list[Login]:
        """Newest first."""
        with self._lock:
            return [
                one
                for one in reversed(self._open.values())
                if one.person_id == person_id
                and one.t_end_s > now_s
                and not self.is_void(one.login_id, person_id, one.t_open_ms)
            ]

    def get(self, login_id: str) -> Login | None:
        return self._open.get(login_id)

    def end(self, login: Login) -> None:
        """Void at once; on disk when it returns. Raises OSError or sqlite3.Error."""
        with self._lock:
            self._open.pop(login.login_id, None)
            self._unsaved.pop(login.login_id, None)
            self._ended[login.login_id] = login.t_end_s
            while len(self._ended) > ENDED_MAX:
                del self._ended[min(self._ended, key=self._ended.__getitem__)]
        with opened(self._folder, _SCHEMA) as db:
            db.execute("INSERT OR REPLACE INTO logins VALUES (?, ?, ?, 1, ?)", _row(login))

    def end_all(self, person_id: str, *, now_ms: int) -> frozenset[str]:
        """Every session of that person, listed or not; which were listed."""
        with self._lock:
            gone = frozenset(o.login_id for o in self._open.values() if o.person_id == person_id)
            for login_id in gone:
                del self._open[login_id]
                self._unsaved.pop(login_id, None)
            self._cuts[person_id] = now_ms
            while len(self._cuts) > CUTS_MAX:
                del self._cuts[min(self._cuts, key=self._cuts.__getitem__)]
        with opened(self._folder, _SCHEMA) as db:
            db.execute("INSERT OR REPLACE INTO cuts VALUES (?, ?)", (person_id, now_ms))
            db.execute("DELETE FROM logins WHERE person_id = ? AND ended = 0", (person_id,))
        return gone


def _row(login: Login) -> tuple[str, str, int, bytes]:
    return login.login_id, login.person_id, login.t_end_s, msgspec.json.encode(login)
