"""The store's door: one place that knows how the database is opened, locked, and what its errors mean to a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event

from monitor.config.search import STORE_FILE
from monitor.errors import ConfigError, Failure
from monitor.store.migrate import revision, upgrade
from monitor.store.tables import REVISION

__all__ = ["FILE", "Store", "journal_mode", "meaning"]

FILE = STORE_FILE
TIMEOUT = 5.0  # what a writer waits for another before it gives up [s]
HEADER = b"SQLite format 3\0"

WAL_MENDED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""Versions with the fix of the bug by which two writers under WAL could corrupt a database (sqlite.org/wal.html);
a later patch of the same minor release has it too, and so has every release after the first."""


def journal_mode(version: tuple[int, int, int]) -> str:
    """Return the safest journal of a version of SQLite: WAL only where its corruption bug is mended."""
    newest = max(WAL_MENDED)
    mended = version >= newest or any(version[:2] == fixed[:2] and version >= fixed for fixed in WAL_MENDED)
    return "WAL" if mended else "DELETE"


DAMAGED = "run skewwatch db check, and restore the file from a backup"
MEANINGS = (
    (("SQLITE_BUSY", "SQLITE_LOCKED"), f"is busy: another process has kept it for {TIMEOUT:g} s", "try again later"),
    (("SQLITE_FULL",), "cannot grow: the disk is full", "free some space; nothing was changed"),
    (("SQLITE_CORRUPT", "SQLITE_NOTADB", "Could not decode"), "is damaged", DAMAGED),
    (("SQLITE_SCHEMA", "SQLITE_ERROR"), "has other tables than its revision says", DAMAGED),
    (("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"), "cannot be opened or written", "check its permissions"),
    (("SQLITE_IOERR",), "stands on a disk that failed", "check the disk, then run skewwatch db check"),
)
"""Beginnings of SQLite's result codes, or of the driver's words where it gives no code; what they mean; what to do."""


class Store:
    """A database of snapshots, points and what stands beside them.

    Made by `Store.open`; used through `writing` and `reading`, which give the functions of `monitor.store.write` and
    `monitor.store.read` their connection. Read everything, leave the block, then work: with SQLite's rollback journal
    a transaction that is still being read blocks every writer.

    Attributes
    ----------
    name : str
        Where it is, without a password.
    path : Path or None
        The file, where it is one of SQLite.
    """

    def __init__(self, engine: sa.Engine, name: str, path: Path | None, *, read_only: bool) -> None:
        self.name = name
        self.path = path
        self._engine = engine
        self._reader = engine.execution_options(read_only=True)
        self._read_only = read_only

    @classmethod
    def open(cls, place: Path | str, *, read_only: bool = False) -> Store:
        """Open a store.

        Parameters
        ----------
        place : Path or str
            File of SQLite; or an address as SQLAlchemy reads it (``postgresql+psycopg://...``).
        read_only : bool
            Nothing is made, migrated or changed. Otherwise a store that is not there is made, and one of an earlier
            revision migrated.

        Raises
        ------
        Failure
            Where it cannot be opened, is not there to be read, or is of another revision than this program's.
        """
        address = _address(place)
        if isinstance(address, Path):
            _look_at(address, read_only=read_only)
            store = cls(_sqlite(address, read_only=read_only), str(address), address, read_only=read_only)
        else:
            store = cls(_server(address), address.render_as_string(), None, read_only=read_only)
        store._bring_up_to_date()
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that may change things: all of it is kept, or nothing where an error leaves the block.

        Raises
        ------
        Failure
            Where another process has been writing for too long, the disk is full, or the file is damaged.
        """
        if self._read_only:
            raise ValueError(f"{self.name} was opened to be read")
        with self._explained(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One transaction that sees a single state of the store, whatever others write meanwhile."""
        with self._explained(), self._reader.begin() as connection:
            yield connection

    @property
    def engine(self) -> sa.Engine:
        """SQLAlchemy's engine, for what is particular to one database: checks and copies."""
        return self._engine

    def _bring_up_to_date(self) -> None:
        with self.reading() as connection:
            found = revision(connection)
        if found == REVISION:
            return
        if found is not None and found > REVISION:
            raise Failure(
                f"the store {self.name} was changed by a newer skewwatch (revision {found}, this one knows {REVISION})",
                "install that version again",
            )
        if self._read_only:
            what = "is empty" if found is None else f"was made by an earlier skewwatch (revision {found})"
            raise Failure(f"the store {self.name} {what}", "run skewwatch db upgrade")
        with self._explained():
            upgrade(self._engine)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in one line what a database's error means."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            failure = meaning(error.orig, self.name)
            if failure is None:
                raise
            raise failure from error
        except UnicodeDecodeError as error:  # the driver trips over its own message, which quotes a broken schema
            raise Failure(f"the store {self.name} is damaged ({error.reason})", DAMAGED) from error


def meaning(error: BaseException | None, name: str) -> Failure | None:
    """Translate an error of the database's driver; None where it is no fault of the world around."""
    code = str(getattr(error, "sqlite_errorname", ""))
    text = " ".join(str(error).split())
    for starts, what, hint in MEANINGS:
        if code.startswith(starts) or (not code and text.startswith(starts)):
            return Failure(f"the store {name} {what} ({text})", hint)
    if type(error).__name__ == "OperationalError" and not code:  # a server's driver
        return Failure(f"the store {name} does not answer ({text[:200]})", "check its address and that it runs")
    return None


def _address(place: Path | str) -> Path | sa.URL:
    """Read where a store is: a file, which an address of SQLite names too, or a server."""
    if isinstance(place, Path) or "://" not in place:
        return Path(place)
    try:
        address = sa.make_url(place)
    except sa.exc.ArgumentError as error:
        raise ConfigError("the address of the store cannot be read", "write it as SQLAlchemy does") from error
    if address.get_backend_name() != "sqlite":
        return address
    if not address.database or address.host:
        raise ConfigError(f"{address.render_as_string()} names no file", "write sqlite:///PATH")
    return Path(address.database)


def _server(address: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(address, hide_parameters=True)
    except (ImportError, sa.exc.ArgumentError) as error:
        shown = address.render_as_string()
        raise ConfigError(f"no driver for {shown} ({error})", "install it, for PostgreSQL psycopg") from error


def _look_at(path: Path, *, read_only: bool) -> None:
    """Say what is wrong with a place before SQLite says less clearly."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(HEADER))
        if begins and begins != HEADER:
            raise Failure(f"{path} is no store: it is no SQLite database", "name another place, or restore a backup")
    except FileNotFoundError:
        if read_only:
            raise Failure(f"there is no store at {path}", "skewwatch snapshot --save makes one") from None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"cannot make the folder {path.parent}: {error.strerror}", "name another place") from error
    except OSError as error:
        raise Failure(f"the store {path} cannot be read: {error.strerror}", "check its permissions") from error


def _sqlite(path: Path, *, read_only: bool) -> sa.Engine:
    """Make an engine for a file.

    A reader's file is opened for writing too, where its mode allows, and then told not to write: only so can SQLite
    take back what a killed writer left half done.
    """
    file = f"file:{quote(str(path.resolve()))}"
    address = sa.URL.create("sqlite", database=file, query={"uri": "true", "mode": "rw" if read_only else "rwc"})
    engine = sa.create_engine(address, connect_args={"isolation_level": None, "timeout": TIMEOUT}, hide_parameters=True)
    driver: Any = engine.dialect.dbapi
    mode = journal_mode(driver.sqlite_version_info)
    settings = ["synchronous=FULL", "foreign_keys=ON"]
    settings += ["query_only=ON"] if read_only else [f"journal_mode={mode}"]

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's connection
        for setting in settings:
            connection.execute(f"PRAGMA {setting}").fetchall()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        """Begin a writer at once: one that reads first and then wants to write fails without waiting."""
        reading = read_only or connection.get_execution_options().get("read_only")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
