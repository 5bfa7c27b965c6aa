"""Answers in SQLite: each is on the disk before the page shows that it is saved."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import asdict
from pathlib import Path

from moien.errors import WrongData
from moien.listen.design import Test, Trial

SCHEMA = """
CREATE TABLE IF NOT EXISTS test (facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS listeners (id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '',
    started TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE IF NOT EXISTS answers (listener TEXT NOT NULL REFERENCES listeners, trial INTEGER NOT NULL,
    position INTEGER NOT NULL, sentence TEXT NOT NULL, system TEXT NOT NULL, other TEXT NOT NULL, value REAL NOT NULL,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (listener, trial, position));
"""
TABLES = {"test", "listeners", "answers"}


class Store:
    """The file of one test. In `answers` a value of an ab test is 1 where `system` is better than `other`, −1 where it
    is worse, 0 for neither; of the other kinds the rating of `system`."""

    def __init__(self, path: Path, test: Test | None = None) -> None:
        """Open the file, or make it for `test`; without a test it must exist.

        Raises:
            WrongData: no such file, no file of answers, or one of another test.
        """
        if test is None and not path.is_file():
            raise WrongData("there are no answers yet", where=path, remedy="run the test first")
        self.path, self._lock = path, threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            tables = {
                name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            if tables and not TABLES.issubset(tables):
                raise sqlite3.DatabaseError("it is the database of another program")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(
                "PRAGMA synchronous = FULL"
            )  # WAL alone may lose the last answers in a power cut
            self._db.executescript(SCHEMA)
            row = self._db.execute("SELECT facts FROM test").fetchone()
        except sqlite3.Error as error:
            raise WrongData(
                f"not a file of answers: {error}", where=path, remedy="choose another file with --db"
            ) from None
        if row is None:
            if test is None:
                raise WrongData("there are no answers yet", where=path, remedy="run the test first")
            self._db.execute("INSERT INTO test VALUES (?)", (json.dumps(asdict(test), ensure_ascii=False),))
            self.test = test
            return
        facts = json.loads(row[0])
        self.test = Test(
            facts["kind"], tuple(facts["systems"]), tuple(facts["sentences"]), facts["seed"], facts["sounds"]
        )
        if test is not None and test != self.test:
            differ = [name for name, value in asdict(test).items() if value != asdict(self.test)[name]]
            was = "; ".join(
                f"{name}: {asdict(self.test)[name]!r}, now {asdict(test)[name]!r}" for name in differ
            )
            raise WrongData(
                f"its answers are of another test ({was})", where=path, remedy="choose another file with --db"
            )

    def close(self) -> None:
        """Close the file; its answers are safe already."""
        with self._lock:
            self._db.close()

    def enter(self, listener: str, name: str | None = None) -> None:
        """Enter a listener, with `name` under this name."""
        with self._lock:
            self._db.execute("INSERT OR IGNORE INTO listeners (id) VALUES (?)", (listener,))
            if name is not None:
                self._db.execute("UPDATE listeners SET name = ? WHERE id = ?", (name, listener))

    def name(self, listener: str) -> str:
        """The name of a listener; "" where none is known."""
        with self._lock:
            row = self._db.execute("SELECT name FROM listeners WHERE id = ?", (listener,)).fetchone()
        return row[0] if row else ""

    def save(self, listener: str, number: int, trial: Trial, position: int, value: float) -> None:
        """Save one answer; a second one to the same question replaces it."""
        other = ""
        if self.test.kind == "ab":
            system, other = trial.systems
        else:
            system = trial.systems[position]
        row = (listener, number, position, trial.sentence, system, other, value)
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO answers (listener, trial, position, sentence, system, other, value) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def values(self, listener: str) -> dict[tuple[int, int], float]:
        """(trial, position) → value of all answers of a listener."""
        with self._lock:
            rows = self._db.execute(
                "SELECT trial, position, value FROM answers WHERE listener = ?", (listener,)
            )
            return {(trial, position): value for trial, position, value in rows}

    def answers(self) -> list[tuple[str, str, str, str, float]]:
        """All answers: listener, sentence, system, other, value."""
        with self._lock:
            return self._db.execute(
                "SELECT listener, sentence, system, other, value FROM answers ORDER BY listener, trial, position"
            ).fetchall()
