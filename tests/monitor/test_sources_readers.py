"""Every reader passes the one suite; then what is particular to each shape."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitor.errors import NoDataError
from monitor.sources import READERS, SHAPES, reader, yahoo
from pricing.chain import Style
from pricing.reasons import Flag, Reason
from tests.monitor import synthetic
from tests.monitor.conformance import JsonConformance, ReaderConformance, same


class TestCboe(JsonConformance):
    source, rows, name_key, bid_key = "cboe", synthetic.ROWS, "option", "bid"

    def good(self):
        return synthetic.payload(synthetic.cboe_answer())

    def rows_of(self, answer):
        return answer["data"]["options"]


class TestYahooDesk(JsonConformance):
    source, rows, name_key, bid_key = "yahoo_desk", synthetic.ROWS, "symbol", "bid"

    def good(self):
        return synthetic.payload(synthetic.desk_answer(), source="yahoo_desk")

    def rows_of(self, answer):
        return answer["quotes"]


class TestSchwab(JsonConformance):
    source, rows, name_key, bid_key = "schwab", synthetic.ROWS, "symbol", "bid"

    def good(self):
        return synthetic.payload(synthetic.schwab_answer(), source="schwab")

    def rows_of(self, answer):
        sides = (answer["callExpDateMap"], answer["putExpDateMap"])
        lists = [rows for side in sides for strikes in side.values() for rows in strikes.values()]
        return _Joined(lists)


class _Joined(list):
    """Lists seen as one; deleting from it deletes from its part."""

    def __init__(self, lists):
        super().__init__(row for part in lists for row in part)
        self._lists = lists

    def __setitem__(self, at, row):
        self[at].clear()
        self[at].update(row)

    def __delitem__(self, at):
        row = self[at]
        for part in self._lists:
            part[:] = [other for other in part if other is not row]


class TestYahoo(ReaderConformance):
    source, rows = "yahoo", synthetic.ROWS

    def good(self):
        return synthetic.payload(synthetic.yahoo_table(underlyingPrice=synthetic.SPOT), source="yahoo")


def test_every_shape_has_its_suite():
    tried = {suite.source for suite in (TestCboe, TestYahooDesk, TestSchwab, TestYahoo)}
    assert tried == set(SHAPES) == set(READERS) - {"simulated"}


def test_the_shapes_are_told_apart():
    for name in SHAPES:
        suites = {"cboe": TestCboe, "schwab": TestSchwab, "yahoo": TestYahoo, "yahoo_desk": TestYahooDesk}
        body = suites[name]().good().body
        assert [other for other in SHAPES if reader(other).describe(body)] == [name]


# Cboe


def test_cboe_columns_are_those_of_the_rows():
    answer = synthetic.cboe_answer()
    chain = reader("cboe").parse(synthetic.payload(answer))
    rows = {row["option"]: row for row in answer["data"]["options"]}
    for i in range(len(chain)):
        expiry = chain.expiries[chain.expiry[i]]
        row = rows[synthetic.occ_name("IWM", expiry.day, "C" if chain.is_call[i] else "P", chain.strike[i])]
        got = (chain.bid[i], chain.ask[i], chain.volume[i], chain.open_interest[i], chain.vendor_vol[i])
        assert got == (row["bid"], row["ask"], row["volume"], row["open_interest"], row["iv"])
    assert chain.as_of == synthetic.FEED_TIME - timedelta(minutes=15)
    assert (chain.spot, chain.style, chain.flags) == (synthetic.SPOT, Style.AMERICAN, frozenset())


def test_cboe_typed_and_tolerant_decoding_agree():
    """A quoted number anywhere sends the same numbers down the tolerant path."""
    answer = synthetic.cboe_answer()
    fast = reader("cboe").parse(synthetic.payload(answer))
    answer["data"]["current_price"] = str(synthetic.SPOT)
    assert same(fast, reader("cboe").parse(synthetic.payload(answer)))


@pytest.mark.parametrize("price", [None, 0, 0.0, -1.0, math.nan, math.inf, "", "n/a", True, [], "missing"])
def test_cboe_price_that_is_none(price):
    answer = synthetic.cboe_answer()
    answer["data"]["current_price"] = price
    if price == "missing":
        del answer["data"]["current_price"]
    chain = reader("cboe").parse(synthetic.payload(answer))
    assert math.isnan(chain.spot)
    assert chain.flags == {Flag.NO_FEED_SPOT}


def test_cboe_vol_of_zero_is_none():
    answer = synthetic.cboe_answer()
    answer["data"]["options"][3]["iv"] = 0.0
    assert np.isnan(reader("cboe").parse(synthetic.payload(answer)).vendor_vol).sum() == 1


@pytest.mark.parametrize(
    ("stamp", "flags"),
    [
        ("2026-03-04 16:00:00", set()),
        ("2026-03-04 16:02:20", set()),  # 120 s ahead: clocks differ
        ("2026-03-04 16:02:21", {Flag.FEED_AHEAD}),
        ("2026-03-04 15:00:00", {Flag.STALE}),
        ("0001-01-01 00:00:00", {Flag.NO_FEED_TIME}),
        ("9999-12-31 23:59:59", {Flag.NO_FEED_TIME}),
        ("yesterday", {Flag.NO_FEED_TIME}),
        (None, {Flag.NO_FEED_TIME}),
        (7, {Flag.NO_FEED_TIME}),
    ],
)
def test_cboe_time_is_not_believed_alone(stamp, flags):
    answer = {**synthetic.cboe_answer(), "timestamp": stamp}
    chain = reader("cboe").parse(synthetic.payload(answer))
    assert chain.flags == flags
    assert chain.as_of <= synthetic.FETCHED_AT - timedelta(minutes=15)


def test_cboe_index_with_two_roots():
    """SPX settles on the open of its third Friday, SPXW on the close of the same day (Cboe's specification)."""
    answer = synthetic.cboe_answer("^SPX", root="SPX")
    answer["symbol"] = "_SPX"
    weekly = synthetic.cboe_answer("^SPX", root="SPXW")
    answer["data"]["options"] += weekly["data"]["options"]
    chain = reader("cboe").parse(synthetic.payload(answer, symbol="SPX"))
    assert (len(chain), chain.style, chain.symbol) == (2 * synthetic.ROWS, Style.EUROPEAN, "SPX")
    third_friday = [e for e in chain.expiries if e.day == synthetic.EXPIRIES[0]]
    assert [(e.root, e.am_settled) for e in third_friday] == [("SPX", True), ("SPXW", False)]
    assert [f"{e.instant:%H:%M}" for e in third_friday] == ["13:30", "20:00"]


def test_cboe_index_that_no_table_has():
    chain = reader("cboe").parse(synthetic.payload(synthetic.cboe_answer("^MXEA", root="MXEA"), symbol="MXEA"))
    assert (chain.symbol, chain.style) == ("MXEA", Style.EUROPEAN)
    assert all(expiry.am_settled for expiry in chain.expiries)


def test_cboe_share_class():
    for spelled in ("BRK.B", "BRK/B", "BRKB"):
        chain = reader("cboe").parse(synthetic.payload(synthetic.cboe_answer(spelled, root="BRKB"), symbol="BRK.B"))
        assert (chain.symbol, len(chain)) == ("BRK.B", synthetic.ROWS)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is empty"),
        (b"<html><body>Access denied</body></html>", "it begins with '<html><body>Access denied"),
        (b'{"timestamp": "2026-03-04 16:00:00", "data": {"options": [{"opti', "breaks off after 64 characters"),
        (b'{"data": {"options" []}, "symbol": "IWM"}', "is broken at character 20 of 41"),
        (b'{"error": "no"}', "JSON without data.options"),
        (b'{"data": {"options": []}, "symbol": "IWM"}', "an empty chain"),
        (
            b'{"data": {"options": [{"option": "SPY260320C00100000", "bid": 1, "ask": 2}, 7]}}',
            "1 unreadable, 1 other_root",
        ),
    ],
)
def test_cboe_says_what_was_wrong(body, says):
    with pytest.raises(NoDataError, match=r"^cboe: the answer for IWM") as caught:
        reader("cboe").parse(synthetic.payload(body))
    assert says in str(caught.value)


# Yahoo


def test_yahoo_takes_the_live_price_noted_beside_and_never_the_previous_close():
    body = synthetic.yahoo_table(spot=99.0, session="2026-03-03")
    without = reader("yahoo").parse(synthetic.payload(body, source="yahoo"))
    assert math.isnan(without.spot)
    assert without.flags == {Flag.NO_FEED_SPOT, Flag.NO_FEED_TIME}
    with_notes = reader("yahoo").parse(synthetic.payload(body, source="yahoo", spot=synthetic.SPOT))
    assert with_notes.spot == synthetic.SPOT
    assert with_notes.as_of == synthetic.FETCHED_AT - yahoo.DELAY


def test_yahoo_time_is_the_newest_trade_where_nobody_noted_one():
    body = synthetic.yahoo_table(underlyingPrice=synthetic.SPOT)
    claim = yahoo.describe(body)
    assert claim is not None
    assert claim.feed_time is not None
    chain = yahoo.parse(synthetic.payload(body, source="yahoo", fetched_at=claim.feed_time, fetched_at_known=False))
    assert chain.as_of == synthetic.FEED_TIME


def test_yahoo_short_line_and_empty_cell():
    lines = synthetic.yahoo_table(underlyingPrice=synthetic.SPOT).decode().splitlines()
    lines[3] = ",".join(lines[3].split(",")[:4])
    cells = lines[4].split(",")
    cells[3] = ""
    lines[4] = ",".join(cells)
    chain = yahoo.parse(synthetic.payload("\r\n".join(lines).encode(), source="yahoo"))
    assert (len(chain), dict(chain.refused)) == (synthetic.ROWS - 1, {Reason.UNREADABLE: 1})
    assert np.isnan(chain.bid).sum() == 1


def test_yahoo_cell_beyond_all_measure():
    body = synthetic.yahoo_table() + b'"' + b"x" * 200_000 + b'"\r\n'
    with pytest.raises(NoDataError, match="line"):
        yahoo.parse(synthetic.payload(body, source="yahoo"))


@pytest.mark.parametrize("notes", [b"", b"{", b"[]", b"{}", b'{"utc": "x", "tickers": {}}', b'{"utc": 7}'])
def test_yahoo_notes_that_say_nothing(notes):
    assert yahoo.noted_beside(notes, "IWM") == (None, None)


def test_yahoo_notes():
    notes = json.dumps({"utc": "2026-03-04T16:00:20+00:00", "tickers": {"IWM": {"spot": 99.0, "spot_live": 100.25}}})
    assert yahoo.noted_beside(notes.encode(), "IWM") == (synthetic.FETCHED_AT, 100.25)


def test_yahoo_placeholder_is_no_vol():
    answer = synthetic.desk_answer()
    answer["quotes"][0].update(bid=0.0, ask=0.0, iv=1.0000000000000003e-05)
    chain = reader("yahoo_desk").parse(synthetic.payload(answer, source="yahoo_desk"))
    assert np.isnan(chain.vendor_vol).sum() == 1
    assert len(chain) == synthetic.ROWS


# Schwab


def test_schwab_units_and_time():
    chain = reader("schwab").parse(synthetic.payload(synthetic.schwab_answer(), source="schwab"))
    assert chain.vendor_vol == pytest.approx(np.full(synthetic.ROWS, 0.2345))
    assert chain.as_of == synthetic.FEED_TIME  # real-time: no delay
    delayed = synthetic.schwab_answer() | {"isDelayed": True}
    chain = reader("schwab").parse(synthetic.payload(delayed, source="schwab"))
    assert chain.as_of == synthetic.FEED_TIME - timedelta(minutes=15)


def test_schwab_missing_numbers_and_adjusted_contracts():
    answer = synthetic.schwab_answer()
    strikes = next(iter(answer["callExpDateMap"].values()))
    (row,) = strikes["90.0"]
    row["volatility"] = -999.0
    strikes["95.0"][0]["bid"] = "NaN"
    strikes["90.0"].append(dict(row, symbol="IWM1  260320C00090000"))
    chain = reader("schwab").parse(synthetic.payload(answer, source="schwab"))
    assert dict(chain.refused) == {Reason.ADJUSTED: 1}
    assert (np.isnan(chain.vendor_vol).sum(), np.isnan(chain.bid).sum()) == (1, 1)


def test_schwab_refusal_in_its_own_words():
    body = json.dumps({"errors": [{"status": "400", "title": "Bad Request", "detail": "Check"}]}).encode()
    for tried in (lambda: reader("schwab").describe(body), lambda: reader("schwab").parse(synthetic.payload(body))):
        with pytest.raises(NoDataError, match="400 Bad Request: Check"):
            tried()


def test_schwab_answer_that_failed():
    answer = synthetic.schwab_answer() | {"status": "FAILED", "callExpDateMap": {}, "putExpDateMap": {}}
    with pytest.raises(NoDataError, match="FAILED"):
        reader("schwab").parse(synthetic.payload(answer, source="schwab"))


def test_a_quote_time_of_another_century_is_left_aside():
    payload = synthetic.payload(synthetic.schwab_answer(), source="schwab")
    good = str(int(synthetic.FEED_TIME.timestamp() * 1000)).encode()
    chain = reader("schwab").parse(replace(payload, body=payload.body.replace(good, b"9999999999999", 1)))
    assert chain.as_of == synthetic.FEED_TIME


def test_fetched_at_is_the_payloads():
    late = datetime(2026, 3, 5, 2, tzinfo=UTC)
    chain = reader("cboe").parse(synthetic.payload(synthetic.cboe_answer(), fetched_at=late))
    assert chain.fetched_at == late
    assert Flag.STALE in chain.flags  # made at 11:00, fetched after the close
