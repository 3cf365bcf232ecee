"""Contract names: against a reading one name at a time, and against the symbology's own example."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources import occ
from pricing.chain import Expiry
from pricing.reasons import Reason

ROOTS = {"SPX": True, "SPXW": False}
NAME = re.compile(r"([^ ]{1,6}) *(\d\d)(\d\d)(\d\d)([CP])(\d{8})", re.ASCII)


def one(name: str) -> tuple[Reason, Expiry | None, bool, float]:
    """Read one name the plain way."""
    unreadable = (Reason.UNREADABLE, None, False, 0.0)
    found = NAME.fullmatch(name)
    if found is None or int(found[6]) == 0:
        return unreadable
    root, strike = found[1], int(found[6]) / 1000
    if root not in ROOTS:
        adjusted = root[-1:].isdecimal() and root[:-1] in ROOTS
        return (Reason.ADJUSTED if adjusted else Reason.OTHER_ROOT, None, False, 0.0)
    try:
        day = date(2000 + int(found[2]), int(found[3]), int(found[4]))
    except ValueError:
        return unreadable
    return Reason.KEPT, Expiry(day, root, am_settled=ROOTS[root]), found[5] == "C", strike


def agrees(names: list[str]) -> None:
    got, want = occ.read(names, ROOTS), [one(name) for name in names]
    assert got.reason.tolist() == [reason for reason, *_ in want]
    kept = [row for row in want if row[0] is Reason.KEPT]
    assert [got.expiries[i] for i in got.expiry] == [expiry for _, expiry, _, _ in kept]
    assert got.is_call.tolist() == [is_call for _, _, is_call, _ in kept]
    assert got.strike.tolist() == [strike for *_, strike in kept]
    assert set(got.expiries) == {expiry for _, expiry, _, _ in kept}


def test_the_symbologys_parts():
    """AAPL 260918C00260000 is the call of 2026-09-18 at $260 (macroption.com, OSI symbol parser, example)."""
    got = occ.read(["AAPL  260918C00260000"], {"AAPL": False})
    assert got.expiries == (Expiry(date(2026, 9, 18), "AAPL"),)
    assert (got.is_call.tolist(), got.strike.tolist()) == ([True], [260.0])


@pytest.mark.parametrize(
    "name",
    [
        "SPX260117P04500500",
        "SPXW  260117C99999999",
        "SPX   260229C00100000",
        "SPX240229C00100000",
        "SPX261301C00100000",
        "SPX260100C00100000",
        "SPX260117X00100000",
        "SPX260117c00100000",
        "SPX260117C00000000",
        "SPX260117C-0100000",
        "SPX260117C0100000",
        "SPX1260117C00100000",
        "SPX12260117C00100000",
        "SPXWXYZ260117C00100000",
        "260117C00100000",
        "IWM260117C00100000",
        "1260117C00100000",
        "SP\u00e9260117C00100000",
        "SPX\u0661\u0662\u0660\u0661\u0661\u0667C00100000",
        "\ud800",
        "",
        " ",
        "C",
    ],
)
def test_as_read_alone_and_among_others(name):
    agrees([name])
    agrees(["SPX260117C04500000", name, "SPXW260117P04500000"])


def test_no_names_at_all():
    agrees([])


@given(
    st.lists(
        st.one_of(
            st.from_regex(r"(SPX|SPXW|SPX1|IWM)2[0-9](0[0-9]|1[0-3])[0-3][0-9][CP]0[0-9]{7}", fullmatch=True),
            st.from_regex(r"[A-Z]{0,7}[0-9]{0,8}[CPX]?[0-9]{0,9}", fullmatch=True),
            st.text(max_size=25).filter(lambda text: " " not in text),
        ),
        max_size=12,
    )
)
def test_as_read_one_by_one(names):
    agrees(names)


def test_strikes_are_the_doubles_nearest_to_their_decimals():
    names = [f"SPX260117C{thousandths:08d}" for thousandths in range(1, 200_000, 7)]
    got = occ.read(names, ROOTS).strike
    assert np.array_equal(got, [float(f"{int(name[-8:-3])}.{name[-3:]}") for name in names])
