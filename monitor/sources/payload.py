"""What a vendor answered, byte for byte, and the small file that keeps how it was fetched beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from monitor.errors import NoDataError

__all__ = ["SIDECAR", "Claim", "Payload", "moment", "plausible", "public_url", "sidecar_path"]

SIDECAR = ".meta.json"
"""Added to the whole name of a payload: `20260102T150000Z.json.gz` has `20260102T150000Z.json.gz.meta.json`.

A payload's own name never ends so, and a folder's listing tells the two apart.
"""

FIRST_YEAR, END_YEAR = 1990, 2100  # an instant outside is a broken clock or a broken file


def plausible(at: datetime) -> bool:
    """Whether an instant can be one of a quote at all."""
    return FIRST_YEAR <= at.year < END_YEAR


def moment(text: object) -> datetime | None:
    """Read an ISO time as UTC, one without a zone too; None where it is no plausible time of a quote."""
    if not isinstance(text, str):
        return None
    try:
        read = datetime.fromisoformat(text)
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read if plausible(read) else None


def public_url(url: str) -> str:
    """Drop user, password, query and fragment of an address: what may be shown and stored. Paths stay as they are."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def sidecar_path(payload: Path) -> Path:
    """Name the sidecar of a payload's file."""
    return payload.with_name(payload.name + SIDECAR)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a body says about itself before it is parsed.

    Attributes
    ----------
    symbol : str
        As the vendor spells it; empty where the body does not say.
    feed_time : datetime or None
        When the vendor made it, UTC.
    """

    symbol: str
    feed_time: datetime | None


@dataclass(frozen=True, kw_only=True)
class Payload:
    """A vendor's answer.

    Attributes
    ----------
    body : bytes
        As received, decompressed.
    source : str
        Whose shape it has: the module of `monitor.sources` that parses it.
    symbol : str
        The underlying that was asked for.
    fetched_at : datetime
        UTC.
    url : str
        Where it came from, without user, password or query; the path of a file that does not know; may be empty.
    http_status : int or None
    fetched_at_known : bool
        False where nobody noted the moment of fetching and the feed's own time stands in.
    spot : float or None
        The underlying's price recorded beside a body that has none of its moment. [$]

    Raises
    ------
    ValueError
        Where `fetched_at` has no zone or lies outside 1990 to 2099.
    """

    body: bytes
    source: str
    symbol: str
    fetched_at: datetime
    url: str = ""
    http_status: int | None = None
    fetched_at_known: bool = True
    spot: float | None = None

    def __post_init__(self) -> None:
        if self.fetched_at.tzinfo is None:
            raise ValueError(f"fetched_at needs a time zone, got {self.fetched_at}")
        utc = self.fetched_at.astimezone(UTC)
        if not plausible(utc):
            raise ValueError(f"fetched_at must lie in {FIRST_YEAR} to {END_YEAR - 1}, got {utc}")
        object.__setattr__(self, "fetched_at", utc)
        object.__setattr__(self, "url", public_url(self.url))

    @property
    def label(self) -> str:
        """What errors call it: whose, of what, from where."""
        return f"{self.source}: the answer for {self.symbol}" + (f" ({self.url})" if self.url else "")

    @cached_property
    def sha256(self) -> str:
        """Digest of the body, hexadecimal."""
        return sha256(self.body).hexdigest()

    def sidecar(self) -> str:
        """Write everything but the body as JSON, for the file beside it."""
        fields = {
            "source": self.source,
            "symbol": self.symbol,
            "fetched_at": self.fetched_at.isoformat(),
            "fetched_at_known": self.fetched_at_known,
            "url": self.url,
            "http_status": self.http_status,
            "spot": self.spot,
            "sha256": self.sha256,
        }
        return json.dumps(fields, indent=1) + "\n"

    @classmethod
    def from_sidecar(cls, body: bytes, sidecar: bytes, where: str) -> Payload:
        """Join a body with what was kept beside it; keys unknown here are left alone.

        Raises
        ------
        NoDataError
            Where the sidecar cannot be read, or its digest is not the body's.
        """
        hint = "restore both files from a backup, or move the sidecar away to read the body alone"
        try:
            fields = json.loads(sidecar)
            digest = fields["sha256"]
            status, spot = fields.get("http_status"), fields.get("spot")
            payload = cls(
                body=body,
                source=str(fields["source"]),
                symbol=str(fields["symbol"]),
                fetched_at=datetime.fromisoformat(fields["fetched_at"]),
                url=str(fields.get("url", "")),
                http_status=None if status is None else int(status),
                fetched_at_known=bool(fields.get("fetched_at_known", True)),
                spot=None if spot is None else float(spot),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            raise NoDataError(f"{where}{SIDECAR} is no sidecar ({type(error).__name__}: {error})", hint) from error
        if digest != payload.sha256:
            raise NoDataError(f"{where} has changed since it was recorded: its sha256 is not its sidecar's", hint)
        return payload
