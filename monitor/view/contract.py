"""A snapshot for programs: the JSON document and the CSV rows that scripts rely on. Additions only."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from monitor.view.sentence import sentence
from pricing.reasons import Cause
from pricing.settings import Settings
from pricing.snapshot import ExpiryReport, Measure, Snapshot

__all__ = ["COLUMNS", "NO_HISTORY", "csv_text", "document", "json_text", "unrecorded"]

Document = dict[str, Any]

COLUMNS = ("symbol", "as_of", "source", "method", "measure", "value", "low", "high", "unit", "status", "reason")
NO_HISTORY: Mapping[str, object] = {"percentile": None, "n": 0, "reason": str(Cause.NO_HISTORY)}


def document(
    snapshot: Snapshot,
    standing: Mapping[str, Mapping[str, object]] | None = None,
    *,
    useless: float = Settings().useless,
) -> Document:
    """Lay a snapshot out as JSON will show it.

    Parameters
    ----------
    snapshot : Snapshot
    standing : mapping of str to mapping, optional
        Where each measure is in its own past; without it no history is recorded.
    useless : float
        See `monitor.view.sentence.voice`.

    Returns
    -------
    dict
        Of what JSON can hold: missing numbers are None beside a reason, volatilities are decimals. What a store
        adds is laid over it (`monitor.view.past.document`).
    """
    return {
        "symbol": snapshot.symbol,
        "as_of": stamp(snapshot.as_of),
        "fetched_at": stamp(snapshot.fetched_at),
        "source": snapshot.source,
        "method": snapshot.method,
        "sentence": sentence(snapshot, useless=useless),
        "spot": number(snapshot.spot),
        "spot_sync": number(snapshot.spot_sync),
        "spot_gap": number(snapshot.spot_gap),
        "forward": number(snapshot.forward),
        "status": str(snapshot.status),
        "flags": [str(flag) for flag in snapshot.flags],
        "headline": snapshot.headline,
        "companion": snapshot.companion,
        "measures": {name: _measure(measure) for name, measure in snapshot.measures.items()},
        "expiries": [_expiry(report) for report in snapshot.expiries],
        "quotes": {
            "total": int(snapshot.quotes.total),
            "kept": int(snapshot.quotes.kept),
            "dropped": {reason.name.lower(): int(count) for reason, count in snapshot.quotes.dropped.items()},
        },
        "standing": {name: dict(each) for name, each in (standing or unrecorded(snapshot)).items()},
        "attribution": None,
        "context": None,
        "base_rate": None,
    }


def unrecorded(snapshot: Snapshot) -> dict[str, Mapping[str, object]]:
    """Return the standing of every measure where no history is recorded."""
    return dict.fromkeys(snapshot.measures, NO_HISTORY)


def json_text(content: Document) -> str:
    """Write a document as one line of JSON; a NaN is a mistake of ours and raises ValueError."""
    return json.dumps(content, allow_nan=False) + "\n"


def csv_text(documents: Iterable[Document]) -> str:
    """Write a row a measure for each document, under one header; nothing is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in documents:
        about = [each[key] for key in COLUMNS[:4]]
        for name, measure in each["measures"].items():
            writer.writerow([*about, name, *(measure[key] for key in COLUMNS[5:])])
    return out.getvalue()


def number(value: float | None) -> float | None:
    """Return a plain number, or None where there is none."""
    return None if value is None or not isfinite(value) else float(value)


def stamp(when: datetime) -> str:
    """Write an instant as ISO 8601 in UTC, e.g. ``2026-06-18T20:15:00Z``."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _measure(measure: Measure) -> Document:
    return {
        "value": number(measure.value),
        "low": number(measure.low),
        "high": number(measure.high),
        "unit": measure.unit,
        "status": str(measure.status),
        "reason": None if measure.reason is None else str(measure.reason),
    }


def _expiry(report: ExpiryReport) -> Document:
    return {
        "expiry": report.expiry.isoformat(),
        "root": report.root,
        "days": number(report.days),
        "forward": number(report.forward),
        "forward_se": number(report.forward_se),
        "rate": number(report.rate),
        "residual_bp": number(report.residual_bp),
        "pairs": int(report.pairs),
        "quotes_kept": int(report.quotes_kept),
        "used": bool(report.used),
        "reason": None if report.reason is None else str(report.reason),
    }
