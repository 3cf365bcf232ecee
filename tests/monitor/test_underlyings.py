"""Facts of underlyings, from the exchanges' product specifications."""

from __future__ import annotations

from datetime import time

import pytest

from monitor.errors import ConfigError
from monitor.underlyings import underlying
from pricing.chain import Style


@pytest.mark.parametrize(
    ("spelled", "symbol", "root"),
    [
        ("IWM", "IWM", "IWM"),
        (" iwm ", "IWM", "IWM"),
        ("BRK.B", "BRK.B", "BRKB"),
        ("BRK/B", "BRK.B", "BRKB"),
        ("brk-b", "BRK.B", "BRKB"),
        ("SPX", "SPX", "SPX"),
        ("^SPX", "SPX", "SPX"),
        ("_SPX", "SPX", "SPX"),
        ("$SPX", "SPX", "SPX"),
        ("SPXW", "SPX", "SPX"),
        ("NDXP", "NDX", "NDX"),
        ("^MXEA", "MXEA", "MXEA"),
    ],
)
def test_spellings(spelled, symbol, root):
    found = underlying(spelled)
    assert (found.symbol, found.root) == (symbol, root)
    assert underlying(found.spelling) == found


@pytest.mark.parametrize(
    "text",
    ["", " ", "../IWM", "IWM.json", "TOOLONGNAME", "IW M", "IWM?x", "7", "IWM\n\n;", "\u0130WM", "^^SPX", "A.B.C"],
)
def test_what_is_no_symbol(text):
    with pytest.raises(ConfigError, match="is not a symbol"):
        underlying(text)


@pytest.mark.parametrize(
    ("symbol", "style", "roots"),
    [
        ("SPX", Style.EUROPEAN, {"SPX": True, "SPXW": False}),
        ("RUT", Style.EUROPEAN, {"RUT": True, "RUTW": False}),
        ("NDX", Style.EUROPEAN, {"NDX": True, "NDXP": False}),
        ("XSP", Style.EUROPEAN, {"XSP": False}),
        ("VIX", Style.EUROPEAN, {"VIX": True, "VIXW": True}),
        ("OEX", Style.AMERICAN, {"OEX": False}),
        ("XEO", Style.EUROPEAN, {"XEO": False}),
        ("IWM", Style.AMERICAN, {"IWM": False}),
        ("AAPL", Style.AMERICAN, {"AAPL": False}),
    ],
)
def test_style_and_settlement(symbol, style, roots):
    """Cboe and Nasdaq, product specifications: exercise style and settlement of each root."""
    found = underlying(symbol)
    assert (found.style, dict(found.roots)) == (style, roots)


@pytest.mark.parametrize("symbol", ["IWM", "SPY", "QQQ", "DIA", "VXX", "SPX", "RUT", "VIX", "^MXEA"])
def test_sessions_that_end_at_a_quarter_past_four(symbol):
    """NYSE Arca Options, Market Info: ETF exceptions, ETN options; index options by Cboe Rule 5.1(b)(2)."""
    assert underlying(symbol).close == time(16, 15)


@pytest.mark.parametrize("symbol", ["AAPL", "HOOD", "BRK.B"])
def test_sessions_that_end_at_four(symbol):
    assert underlying(symbol).close == time(16)
