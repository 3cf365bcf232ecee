"""Everything behind a saved number: for a person the expiries and quotes it hangs on, for programs all of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from monitor.explain import Explanation, Leg, Verdict
from monitor.view.contract import document as snapshot_document
from monitor.view.contract import number, stamp
from monitor.view.sentence import sentence
from monitor.view.table import INDENT, blank_table, quotes_line
from monitor.view.words import FLAGS, REASONS, amount, instant
from pricing.arrays import Floats
from pricing.reasons import Reason
from pricing.snapshot import ExpiryReport
from pricing.spot import Origin

__all__ = ["document", "render"]

COLUMNS = ("bid_vol", "mid_vol", "ask_vol", "premium")
MOST = 12  # differences shown to a person
VERDICTS = {
    Verdict.IDENTICAL: "every number the same to the last digit",
    Verdict.ROUNDING: "the same within 1e-12, not to the last digit",
    Verdict.DIFFERENT: "NOT the same",
}
SPOTS = {
    Origin.SAME_DAY: "from the forward of the day's expiry",
    Origin.PARITY: "from the next expiries' forwards",
    Origin.CARRY: "from the forwards and the financing they show",
    Origin.FEED: "the feed's, for parity gave none",
    Origin.NONE: "neither parity nor the feed gave one",
}
Row = dict[str, Any]


def document(explanation: Explanation, *, everything: bool = False) -> Row:
    """Lay an explanation out as JSON will show it.

    Parameters
    ----------
    explanation : Explanation
    everything : bool
        Every row of the chain; otherwise the out-of-the-money ones of the expiries used.
    """
    saved, inputs = explanation.saved, explanation.inputs
    return {
        "id": saved.id,
        "origin": str(saved.origin),
        "session": saved.session.isoformat() if saved.session else None,
        "verdict": str(explanation.verdict),
        "method": {"stored": saved.snapshot.method, "code": explanation.again.method},
        "differences": [{"what": d.what, "stored": d.stored, "again": d.again} for d in explanation.differences],
        "stored": snapshot_document(saved.snapshot, useless=inputs.settings.useless),
        "payload": {
            "sha256": saved.payload_sha256,
            "file": explanation.file,
            "url": explanation.payload.url,
            "fetched_at": stamp(explanation.payload.fetched_at),
        },
        "inputs": {"sha256": saved.inputs_sha256, **json.loads(inputs.text)},
        "strikes": _numbers(explanation.strikes),
        "expiries_used": [
            {"expiry": report.expiry.isoformat(), "root": report.root, "weight": leg.share, "vol": _numbers(leg.vol)}
            for leg, report in _used(explanation)
        ],
        "rows": _rows(explanation, everything=everything),
    }


def render(explanation: Explanation, *, everything: bool = False) -> RenderableType:
    """Lay an explanation out for reading: short, or with every row of the chain."""
    saved, inputs, payload = explanation.saved.snapshot, explanation.inputs, explanation.payload
    parts: list[RenderableType] = [
        Text(sentence(saved, useless=inputs.settings.useless), style="bold"),
        Text(
            f"{explanation.saved.id}: quotes of {instant(saved.as_of)}, {saved.source}, method {saved.method}, "
            f"{explanation.saved.origin}."
        ),
        Text(_verdict(explanation), style="" if explanation.verdict is Verdict.IDENTICAL else "yellow"),
        *(Text(f"  {d.what}: {d.stored} stored, {d.again} now", "yellow") for d in explanation.differences[:MOST]),
        Text(f"Payload {explanation.file}, fetched {instant(payload.fetched_at)}, sha256 {payload.sha256[:12]}."),
        Text(_inputs(explanation)),
        Text(),
    ]
    if everything:
        parts.append(Padding(_every_row(explanation), INDENT))
    elif explanation.legs:
        parts += [Padding(_expiries(explanation), INDENT), Text(), Padding(_around(explanation), INDENT)]
    else:
        parts.append(Text("No two expiries make a surface: see the reasons of the rows with --all."))
    parts += [Text(), Text(quotes_line(saved))]
    parts += [Text(f"{flag}: {FLAGS[flag]}", style="yellow") for flag in saved.flags]
    return Group(*parts)


def _verdict(explanation: Explanation) -> str:
    """Say whether the stored numbers come out again."""
    said = f"Computed again from the archived payload: {VERDICTS[explanation.verdict]}."
    if explanation.same_method:
        return said
    stored, code = explanation.saved.snapshot.method, explanation.again.method
    return f"{said} They were made by method {stored}; this program's is {code}."


def _inputs(explanation: Explanation) -> str:
    inputs = explanation.inputs
    of = f" of {inputs.rates_day}" if inputs.rates_day else ""
    paid = inputs.dividends
    dividends = f"{len(paid.known)} known" if paid.known else "none known"
    if paid.continuous is not None:
        dividends = f"a yield of {amount(paid.continuous, 'share')}"
    spot = explanation.workings.anchored.spot
    return (
        f"Rates: {inputs.rates_source}{of}. Dividends: {dividends}. Spot: {amount(spot.value, '$')}, "
        f"{SPOTS[spot.origin]}."
    )


def _expiries(explanation: Explanation) -> RenderableType:
    columns = ("expiry used", "left"), ("days", "right"), ("weight", "right"), ("forward", "right")
    laid = blank_table(*columns, ("error", "right"), ("pairs", "right"), ("rate", "right"), ("quotes", "right"))
    for leg, report in _used(explanation):
        laid.add_row(
            report.expiry.isoformat(),
            f"{report.days:.2f}",
            f"{leg.share:.3f}",
            amount(report.forward, "$"),
            amount(report.forward_se, "$"),
            str(report.pairs),
            f"{100 * report.rate:.3f} %",
            str(report.quotes_kept),
        )
    return laid


def _used(explanation: Explanation) -> list[tuple[Leg, ExpiryReport]]:
    """Join each expiry used with what is reported of it; both are in the order of time."""
    reports = (report for report in explanation.again.expiries if report.used)
    return list(zip(explanation.legs, reports, strict=True))


def _around(explanation: Explanation) -> RenderableType:
    """Show what the smile says at each strike and the quotes nearest it on either side."""
    laid = blank_table(
        ("expiry", "left"), ("at", "right"), ("smile", "right"), ("quote", "left"), ("bid", "right"), ("ask", "right"),
        ("vol", "right"), ("early", "right"),
    )  # fmt: skip
    for leg in explanation.legs:
        day = explanation.chain.expiries[leg.ladder.expiry].day.isoformat()
        for strike, vol in zip(explanation.strikes.tolist(), leg.vol.tolist(), strict=True):
            laid.add_row(day, amount(strike, "$", 2), amount(vol, "vol"), style="bold")
            for row in _nearest(leg, strike):
                laid.add_row("", "", "", *_quote(explanation, leg, row))
    return laid


def _nearest(leg: Leg, strike: float) -> list[int]:
    """Positions in a ladder of the last kept quote under a strike and the first over it."""
    kept = np.flatnonzero(leg.ladder.kept)
    at = int(np.searchsorted(leg.ladder.strike[kept], strike))
    return [int(kept[each]) for each in (at - 1, at) if 0 <= each < kept.size]


def _quote(explanation: Explanation, leg: Leg, at: int) -> list[str]:
    ladder, chain = leg.ladder, explanation.chain
    row = ladder.rows[at]
    return [
        f"{ladder.strike[at]:g} {'C' if ladder.is_call[at] else 'P'}",
        amount(float(chain.bid[row]), "$", 2),
        amount(float(chain.ask[row]), "$", 2),
        amount(float(ladder.mid[at]), "vol"),
        amount(float(ladder.premium[at]), "$", 4),
    ]


def _numbers(values: Floats) -> list[float | None]:
    return [number(value) for value in values.tolist()]


def _rows(explanation: Explanation, *, everything: bool) -> list[Row]:
    """List rows of the chain with what became of each."""
    chain, workings = explanation.chain, explanation.workings
    vols = np.full((len(COLUMNS), len(chain)), np.nan)
    for ladder in workings.ladders:
        vols[:, ladder.rows] = ladder.bid, ladder.mid, ladder.ask, ladder.premium
    used = [ladder.rows for ladder in workings.pair]
    wanted = range(len(chain)) if everything else np.sort(np.concatenate(used)).tolist() if used else ()
    rows = []
    for row in wanted:
        expiry = chain.expiries[chain.expiry[row]]
        rows.append(
            {
                "expiry": expiry.day.isoformat(),
                "root": expiry.root,
                "strike": float(chain.strike[row]),
                "type": "call" if chain.is_call[row] else "put",
                "bid": number(float(chain.bid[row])),
                "ask": number(float(chain.ask[row])),
                "reason": Reason(workings.reason[row]).name.lower(),
                **{name: number(float(column[row])) for name, column in zip(COLUMNS, vols, strict=True)},
            }
        )
    return rows


def _every_row(explanation: Explanation) -> RenderableType:
    laid = blank_table(
        ("expiry", "left"), ("contract", "left"), ("bid", "right"), ("ask", "right"), ("vol", "right"),
        ("early", "right"), ("", "left"),
    )  # fmt: skip
    for row in _rows(explanation, everything=True):
        laid.add_row(
            row["expiry"],
            f"{row['root']} {row['strike']:g} {row['type'][0].upper()}",
            amount(row["bid"], "$", 2),
            amount(row["ask"], "$", 2),
            amount(row["mid_vol"], "vol"),
            amount(row["premium"], "$", 4),
            REASONS[Reason[row["reason"].upper()]],
        )
    return laid
