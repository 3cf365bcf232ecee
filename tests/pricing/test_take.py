"""Truth: a market whose smile is a formula, QuantLib's Americans, and laws that hold whatever the numbers are."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation does
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing import Cause, Chain, Curve, Dividend, Expiry, Flag, Level, Quality, Reason, Schedule, Settings, Style, take
from pricing.settings import Base
from tests.pricing.known_market import AS_OF, FAR, NEAR, SETTLED_IN, Market

NO_DIVIDENDS = Schedule(continuous=0.0)
RATIO, COMPANION = "skew_ratio_30d_90_110", "skew_ratio_30d_95_105"


def snapshot(market, options=Settings(), **changes):  # noqa: B008 - frozen
    return take(market.chain(**changes), Curve.flat(market.rate), Schedule(continuous=market.dividend_yield), options)


def ticked(market, spread=1, tick=0.01, seed=0):
    """Quotes as a market shows them: on a grid of cents, some wider than others, bids of nothing far out."""
    rows = market.rows()
    mid = (rows["bid"] + rows["ask"]) / 2
    width = np.random.default_rng(seed).integers(1, spread + 2, mid.size) + np.rint(mid)
    bid = np.maximum(np.floor(mid / tick - width / 2), 0.0) * tick
    return rows | {"bid": bid, "ask": np.maximum(bid + np.maximum(width, 1) * tick, np.ceil(mid / tick) * tick)}


REAL = Market(level=0.24, slope=-0.4, curvature=0.8, half_spread=0.0, faintest=0.003)
TICKED = ticked(REAL)


@cache
def real():
    return snapshot(REAL, **TICKED)


def numbers(found):
    return {name: (one.value, one.low, one.high) for name, one in found.measures.items()}


def assert_same(one, other, rel):
    for name, values in numbers(one).items():
        for value, again in zip(values, numbers(other)[name], strict=True):
            assert (value is None) == (again is None), name
            assert value is None or again == pytest.approx(value, rel=rel, abs=rel), name


# a market as it is


def test_a_clean_market():
    market = Market()
    found = snapshot(market)
    assert found.status is Quality.OK
    assert found.flags == ()
    assert found.headline == RATIO
    assert found.companion == COMPANION
    assert found.spot == 100.0
    assert found.spot_sync == pytest.approx(100.0, rel=1e-12)
    assert found.spot_gap == pytest.approx(0.0, abs=1e-9)
    assert found.forward == pytest.approx(market.tenor_forward, rel=1e-12)
    assert found.measures[RATIO].value == pytest.approx(market.tenor_vol(90.0) / market.tenor_vol(110.0), rel=1e-9)
    assert found.as_of == found.fetched_at == AS_OF
    assert (found.symbol, found.source, found.method) == ("IWM", "formula", Settings().method)


def test_what_each_expiry_gave():
    market = Market(dividend_yield=0.012)
    found = snapshot(market)
    inside = [day for day in SETTLED_IN if date(2026, 3, 17) <= day <= date(2026, 5, 9)]
    assert [one.expiry for one in found.expiries] == inside
    assert [one.expiry for one in found.expiries if one.used] == [NEAR, FAR]
    for one in found.expiries:
        assert one.days == pytest.approx((one.expiry - date(2026, 3, 10)).days + 2 / 24)
        assert one.forward == pytest.approx(market.forward(one.expiry), rel=1e-10)
        assert one.rate == 0.04
        assert one.residual_bp == pytest.approx(0.0, abs=1e-4)  # the yield is known: no residual
        assert one.pairs == 10
        assert one.root == "IWM"


def test_pictures_hold_every_smile_and_name_the_pair():
    market = Market()
    found = snapshot(market)
    assert [one.expiry for one in found.pair] == [NEAR, FAR]
    assert {one.expiry for one in found.smiles} == {one.expiry for one in found.expiries}
    for one in found.smiles:
        np.testing.assert_allclose(one.mid_vol, market.vol(one.expiry, one.strike), rtol=1e-6)
        np.testing.assert_allclose(one.curve_vol, market.vol(one.expiry, one.curve_strike), rtol=1e-6)
        assert (one.bid_vol < one.mid_vol).all()
        assert (one.mid_vol < one.ask_vol).all()
        assert (one.is_call == (one.strike >= one.forward)).all()
        assert one.curve_strike[[0, -1]].tolist() == one.strike[[0, -1]].tolist()


def test_an_index_pays_a_yield():
    known = snapshot(Market(dividend_yield=0.013))
    assert known.spot_sync == pytest.approx(100.0, rel=1e-10)
    assert known.flags == ()
    unknown = take(Market(dividend_yield=0.013).chain(), Curve.flat(0.04), Schedule())
    assert unknown.spot_sync == pytest.approx(100.0, rel=1e-10)
    assert unknown.flags == (Flag.SPOT_IMPLIED_CARRY,)
    assert_same(known, unknown, rel=1e-6)


def test_morning_and_evening_settlement_of_one_day_are_two_expiries():
    """The same prices on the third Friday under a root that settles on the open: a smile of a shorter life."""
    market = Market()
    days = [Expiry(day, "SPXW") for day in market.days]
    morning = Expiry(date(2026, 4, 17), "SPX", am_settled=True)
    rows = market.rows()
    third = rows["expiry"] == list(market.days).index(date(2026, 4, 17))
    both = {name: np.concatenate([column, column[third]]) for name, column in rows.items()}
    both["expiry"][rows["expiry"].size :] = len(days)
    found = take(market.chain(expiries=[*days, morning], **both), Curve.flat(0.04), NO_DIVIDENDS)
    april = [(one.root, one.days) for one in found.expiries if one.expiry == date(2026, 4, 17)]
    assert april == [("SPX", pytest.approx(38 - 4.5 / 24)), ("SPXW", pytest.approx(38 + 2 / 24))]
    assert found.measures[RATIO].value == snapshot(market).measures[RATIO].value


def test_moneyness_of_the_forward():
    market = Market(rate=0.06, dividend_yield=0.0)
    found = snapshot(market, Settings(moneyness=Base.FORWARD))
    low, high = 0.9 * market.tenor_forward, 1.1 * market.tenor_forward
    assert found.measures[RATIO].value == pytest.approx(market.tenor_vol(low) / market.tenor_vol(high), rel=1e-8)


def test_the_rate_hardly_matters_but_through_the_forward():
    """METHOD section 5: r + 1 % with F kept moves the ratio by 0.005 %. Here parity keeps F, and dividends S."""
    chain = REAL.chain(**TICKED)
    one = take(chain, Curve.flat(0.04), NO_DIVIDENDS)
    other = take(chain, Curve.flat(0.05), Schedule(continuous=0.01))
    assert one.forward == pytest.approx(other.forward, rel=2e-5)
    assert one.measures[RATIO].value == pytest.approx(other.measures[RATIO].value, rel=2e-4)


# Americans


@cache
def american_rows():
    """QuantLib's fixed points, every strike at its own volatility, on an evening: lives are whole days."""
    today, rate = ql.Date(10, 3, 2026), 0.05
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    interest, none = (ql.YieldTermStructureHandle(ql.FlatForward(today, r, count)) for r in (rate, 0.0))
    rows, truth = [], {}
    for at, (day, settled) in enumerate({NEAR: 26, FAR: 33}.items()):
        days = (day - date(2026, 3, 10)).days
        forward = 100 * math.exp(rate * settled / 365)
        truth[day] = forward
        spot = ql.QuoteHandle(ql.SimpleQuote(forward * math.exp(-rate * days / 365)))
        for strike in np.arange(84.0, 117.0):
            flat = ql.BlackConstantVol(today, ql.NullCalendar(), american_vol(strike, forward), count)
            process = ql.BlackScholesMertonProcess(spot, none, interest, ql.BlackVolTermStructureHandle(flat))
            engine = ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.accurateScheme())
            for side in (ql.Option.Put, ql.Option.Call):
                exercise = ql.AmericanExercise(today, today + days)
                option = ql.VanillaOption(ql.PlainVanillaPayoff(side, float(strike)), exercise)
                option.setPricingEngine(engine)
                rows.append((at, side == ql.Option.Call, strike, option.NPV()))
    return rows, truth


def american_vol(strike, forward):
    k = math.log(strike / forward)
    return 0.24 - 0.4 * k + 0.8 * k * k


def test_americans_read_as_americans():
    """0.0005 vol points is what METHOD section 7 leaves to the premium; the smile and the forward add their own."""
    evening = datetime(2026, 3, 10, 20, tzinfo=UTC)
    rows, truth = american_rows()
    expiry, is_call, strike, price = (np.array(column) for column in zip(*rows, strict=True))
    listed = price > 2e-3
    chain = Chain.build(
        symbol="IWM",
        source="QuantLib",
        as_of=evening,
        fetched_at=evening,
        spot=100.0,
        expiries=[Expiry(day, "IWM") for day in truth],
        expiry=expiry[listed],
        is_call=is_call[listed],
        strike=strike[listed],
        bid=price[listed] - 1e-4,
        ask=price[listed] + 1e-4,
    )
    found = take(chain, Curve.flat(0.05), NO_DIVIDENDS)
    assert found.spot_sync == pytest.approx(100.0, rel=1e-5)
    for one in found.smiles:
        assert one.forward == pytest.approx(truth[one.expiry], rel=1e-5)
        expected = [american_vol(strike, truth[one.expiry]) for strike in one.strike]
        np.testing.assert_allclose(one.mid_vol, expected, atol=5e-5)
    late = (30 - 23) / (31 - 23)

    def at_thirty(strike):
        near, far = (american_vol(strike, truth[day]) ** 2 * days for day, days in ((NEAR, 23), (FAR, 31)))
        return math.sqrt((near + (far - near) * late) / 30)

    assert found.measures[RATIO].value == pytest.approx(at_thirty(90) / at_thirty(110), rel=2e-4)
    as_european = take(replace(chain, style=Style.EUROPEAN), Curve.flat(0.05), NO_DIVIDENDS)
    assert as_european.measures[RATIO].value != pytest.approx(found.measures[RATIO].value, rel=1e-3)


# laws


shapes = st.builds(
    Market,
    level=st.floats(0.15, 0.6),
    slope=st.floats(-0.7, 0.3),
    curvature=st.floats(-0.3, 1.5),
    term=st.floats(-0.2, 0.3),
    rate=st.floats(-0.01, 0.08),
    half_spread=st.just(0.0),
    faintest=st.sampled_from([0.0, 0.003, 0.05]),
    strikes=st.sampled_from([tuple(np.arange(70.0, 131.0).tolist()), tuple(np.arange(75.0, 126.0, 2.5).tolist())]),
)


@settings(max_examples=40)
@given(shapes, st.integers(0, 8), st.integers(0, 10**6))
def test_a_value_lies_in_its_envelope(market, spread, seed):
    found = snapshot(market, **ticked(market, spread, seed=seed))
    for name, one in found.measures.items():
        if one.value is not None and one.low is not None and not name.startswith("tail"):  # its envelope is indicative
            slack = 1e-9 * abs(one.value)
            assert one.low - slack <= one.value <= one.high + slack, name
        if one.status is Level.BOUNDED:
            assert one.value is None
            assert one.low is not None or one.high is not None


@settings(max_examples=15)
@given(st.sampled_from([0.5, 2.0, 3.0, 12.5]))
def test_the_unit_of_price_does_not_matter(unit):
    """All strikes, prices and the spot in another money: every measure the same, forwards in proportion."""
    rows = {name: column * unit if name in {"strike", "bid", "ask"} else column for name, column in TICKED.items()}
    scaled = snapshot(REAL, spot=100.0 * unit, **rows)
    assert_same(real(), scaled, rel=1e-7)
    assert scaled.flags == real().flags
    assert scaled.forward == pytest.approx(real().forward * unit, rel=1e-10)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(seed):
    order = np.random.default_rng(seed).permutation(TICKED["strike"].size)
    shuffled = snapshot(REAL, **{name: column[order] for name, column in TICKED.items()})
    assert numbers(shuffled) == numbers(real())
    assert shuffled.quotes == real().quotes


def test_the_order_of_expiries_does_not_matter():
    last = len(REAL.days) - 1
    expiries = [Expiry(day, "IWM") for day in reversed(REAL.days)]
    backwards = snapshot(REAL, expiries=expiries, **(TICKED | {"expiry": last - TICKED["expiry"]}))
    assert numbers(backwards) == numbers(real())


def test_a_far_expiry_does_not_matter():
    keep = TICKED["expiry"] != list(REAL.days).index(date(2026, 5, 15))
    without = snapshot(REAL, **{name: column[keep] for name, column in TICKED.items()})
    assert numbers(without) == numbers(real())
    assert without.expiries == real().expiries
    assert without.quotes.kept == real().quotes.kept


def test_an_expiry_outside_the_pair_matters_through_the_spot_alone():
    keep = TICKED["expiry"] != list(REAL.days).index(date(2026, 4, 17))
    without = snapshot(REAL, **{name: column[keep] for name, column in TICKED.items()})
    assert without.spot_sync == real().spot_sync  # the expiry of the day gives it
    assert without.measures[RATIO] == real().measures[RATIO]


def test_contracts_of_today_that_have_ended_do_not_matter():
    """They linger in a feed after 16:00: prices of nothing, or of intrinsic value on the last spot."""
    rows = TICKED
    ended = list(REAL.days).index(date(2026, 3, 10))
    kept = rows["expiry"] != ended
    evening = {"as_of": datetime(2026, 3, 10, 20, 15, tzinfo=UTC)}
    junk = rows | {"bid": np.where(kept, rows["bid"], 7.0), "ask": np.where(kept, rows["ask"], 7.5)}
    one = snapshot(REAL, **junk, **evening)
    other = snapshot(REAL, **{name: column[kept] for name, column in rows.items()}, **evening)
    assert numbers(one) == numbers(other)
    assert one.quotes.dropped[Reason.EXPIRED] == np.count_nonzero(~kept)


def test_mirrored_markets():
    """Put-call symmetry (P. Carr, K. Ellis and V. Gupta, J. Finance 53, 1998): with no interest, prices
    at K and F^2/K are K/F apart. 80 % and 125 % of the forward are mirror images; so are the smiles."""
    options = Settings(pairs=((80, 125),), moneyness=Base.FORWARD)
    one = Market(rate=0.0, level=0.4, slope=-0.3, curvature=0.4, half_spread=1e-7, faintest=1e-5)
    other = replace(one, slope=0.3)
    found, mirrored = (snapshot(market, options).measures for market in (one, other))
    ratio = "skew_ratio_30d_80_125"
    assert mirrored[ratio].value == pytest.approx(1 / found[ratio].value, rel=1e-7)
    assert mirrored["skew_spread_30d_80_125"].value == pytest.approx(-found["skew_spread_30d_80_125"].value, rel=1e-6)
    assert mirrored["skew_ratio_30d_1sd"].value == pytest.approx(1 / found["skew_ratio_30d_1sd"].value, rel=1e-7)
    price = "price_ratio_30d_80_125"
    assert mirrored[price].value == pytest.approx(0.64 / found[price].value, rel=1e-6)


def test_the_same_chain_gives_the_same_snapshot():
    assert numbers(snapshot(REAL, **TICKED)) == numbers(real())
    assert snapshot(REAL, **TICKED).expiries == real().expiries


def test_arguments_stay_as_they_were():
    chain = REAL.chain(**TICKED, volume=np.ones(TICKED["strike"].size), open_interest=np.ones(TICKED["strike"].size))
    before = {one.name: getattr(chain, one.name) for one in fields(chain)}
    copies = {name: column.copy() for name, column in before.items() if isinstance(column, np.ndarray)}
    for column in copies:
        before[column].flags.writeable = False
    take(chain, Curve.flat(0.04), NO_DIVIDENDS)
    take(replace(chain, style=Style.AMERICAN), Curve.flat(0.04), Schedule((Dividend(date(2026, 3, 20), 0.5),)))
    for name, column in copies.items():
        np.testing.assert_array_equal(getattr(chain, name), column)


# nothing disappears


@settings(max_examples=40, deadline=None)
@given(shapes, st.integers(0, 10**6), st.sampled_from(list(Style)))
def test_every_row_is_kept_or_dropped(market, seed, style):
    rng = np.random.default_rng(seed)
    rows = ticked(market, 3, seed=seed)
    for side in ("bid", "ask"):
        rows[side] = np.where(
            rng.random(rows[side].size) < 0.1, rng.choice([0, -1, np.nan], rows[side].size), rows[side]
        )
    twice = rng.integers(0, rows["strike"].size, 7)
    rows = {name: np.concatenate([column, column[twice]]) for name, column in rows.items()}
    refused = {Reason.ADJUSTED: 11, Reason.UNREADABLE: 2}
    found = snapshot(market, **rows, style=style, refused=refused)
    quotes = found.quotes
    assert quotes.total == rows["strike"].size + 13
    assert quotes.total == quotes.kept + sum(quotes.dropped.values())
    assert quotes.dropped[Reason.ADJUSTED] == 11
    assert quotes.dropped[Reason.DUPLICATE] == 7
    assert Reason.KEPT not in quotes.dropped
    assert all(count > 0 for count in quotes.dropped.values())
    assert quotes.kept == sum(one.quotes_kept for one in found.expiries)
    assert Flag.ROWS_REFUSED in found.flags


def test_reasons_by_hand():
    """One fault to a row of a clean market, each on a contract of its own in the near expiry, no two silent side by
    side."""
    market = Market()
    rows = market.rows()
    near = list(market.days).index(NEAR)

    def row(strike, *, is_call):
        return np.flatnonzero((rows["expiry"] == near) & (rows["strike"] == strike) & (rows["is_call"] == is_call))[0]

    faults = {
        Reason.NOT_A_NUMBER: (row(92.0, is_call=False), math.nan, 1.0),
        Reason.NEGATIVE: (row(93.0, is_call=False), -1.0, 1.0),
        Reason.NO_ASK: (row(93.5, is_call=False), 1.0, 0.0),
        Reason.NO_BID: (row(94.0, is_call=False), 0.0, 1.0),
        Reason.CROSSED: (row(94.5, is_call=False), 2.0, 1.0),
        Reason.LOCKED: (row(95.0, is_call=False), 1.0, 1.0),
        Reason.WIDE: (row(95.5, is_call=False), 0.5, 1.5),
        Reason.NO_VOL: (row(104.0, is_call=True), 101.0, 101.0001),  # a call above the forward's worth
    }
    for at, bid, ask in faults.values():
        rows["bid"][at], rows["ask"][at] = bid, ask
    clean, found = snapshot(market).quotes, snapshot(market, **rows).quotes
    for reason in faults:
        assert found.dropped[reason] == 1, reason
    assert found.kept == clean.kept - len(faults)
    assert found.dropped[Reason.BEYOND_HORIZON] == clean.dropped[Reason.BEYOND_HORIZON]


def test_only_faultless_quotes_make_a_forward():
    """Around the forward eight calls have no bid and a tiny offer, eight more are crossed: the strikes beyond serve."""
    market = Market()
    rows = market.rows()
    near = (rows["expiry"] == list(market.days).index(NEAR)) & rows["is_call"]
    silent, crossed = (near & (np.abs(rows["strike"] - 100.25) < reach) for reach in (2, 4))
    rows["bid"] = np.where(silent, 0.0, np.where(crossed, 30.0, rows["bid"]))
    rows["ask"] = np.where(silent, 1e-4, np.where(crossed, 29.9, rows["ask"]))
    one = next(one for one in snapshot(market, **rows).expiries if one.expiry == NEAR)
    assert one.forward == pytest.approx(market.forward(NEAR), rel=1e-9)
    assert one.pairs == 10


JUNK = np.array([math.nan, math.inf, -math.inf, 0.0, -1.0, 0.01, 5.0, 100.0, 1e6, 1e308, -1e308, 1e-308])


@settings(max_examples=150)
@given(
    st.integers(0, 2**32 - 1),
    st.sets(st.sampled_from(["strike", "bid", "ask", "volume", "open_interest"]), min_size=1),
    st.sampled_from([0.01, 0.1, 0.5, 1.0]),
    st.sampled_from([0.02, 0.3, 1.0]),
    st.sampled_from([100.0, *JUNK.tolist()]),
    st.sampled_from(list(Style)),
    st.sampled_from([Settings(), Settings(moneyness=Base.FORWARD), Settings(pairs=((80, 120), (90, 110), (99, 101)))]),
)
def test_no_content_of_a_chain_raises(seed, mangled, share, density, spot, style, options):
    """Warnings are errors here: none leaks either. Whatever comes out is a number in its envelope, or a reason."""
    rng = np.random.default_rng(seed)
    size = TICKED["strike"].size
    rows = TICKED | {name: rng.integers(0, 99, size).astype(float) for name in ("volume", "open_interest")}
    for name in sorted(mangled):
        hit = rng.random(size) < share
        kinds = (
            rng.choice(JUNK[:-1], size),
            rng.permutation(rows[name]),
            rows[name] * rng.choice([0.0, 0.5, 2.0], size),
        )
        rows[name] = np.where(hit, kinds[seed % 3], rows[name])
    keep = rng.random(size) < density
    found = snapshot(REAL, options, spot=spot, style=style, **{name: column[keep] for name, column in rows.items()})
    for name, one in found.measures.items():
        assert (one.value is None) == (one.status in {Level.MISSING, Level.BOUNDED}), name
        assert (one.reason is None) <= (one.value is not None), name
        assert all(number is None or math.isfinite(number) for number in (one.value, one.low, one.high)), name
    assert found.quotes.total == np.count_nonzero(keep)
    assert found.quotes.total == found.quotes.kept + sum(found.quotes.dropped.values())


@pytest.mark.parametrize("expiries", [[], [Expiry(NEAR, "IWM")]])
@pytest.mark.parametrize("spot", [100.0, math.nan])
def test_an_empty_chain(expiries, spot):
    nothing = {name: [] for name in ("expiry", "is_call", "strike", "bid", "ask")}
    found = snapshot(Market(), expiries=expiries, spot=spot, **nothing)
    assert found.status is Quality.NO_DATA
    assert found.quotes.total == found.quotes.kept == 0
    assert all(one.value is None and one.reason is not None for one in found.measures.values())
    assert found.pair == ()
    assert found.forward is None
    assert (found.spot_sync is None) == math.isnan(spot)


# doubts


def of_days(*days):
    """Rows of some expiries only."""
    keep = np.isin(TICKED["expiry"], [list(REAL.days).index(day) for day in days])
    return {name: column[keep] for name, column in TICKED.items()}


def test_no_pair_no_measure():
    found = snapshot(REAL, **of_days(NEAR))
    assert found.status is Quality.NO_DATA
    assert found.measures[RATIO].reason is Cause.NO_BRACKET
    assert found.pair == ()


def test_one_expiry_within_a_day_stands_alone():
    """At noon of 03-11 the expiry of 04-10 is 30.2 days away; the spot comes from it."""
    found = snapshot(REAL, as_of=datetime(2026, 3, 11, 16, tzinfo=UTC), **of_days(FAR))
    assert Flag.SINGLE_EXPIRY in found.flags
    assert found.status is Quality.DEGRADED
    assert found.measures[RATIO].value is not None
    assert [one.expiry for one in found.expiries if one.used] == [FAR]
    assert {one.reason for one in found.expiries if not one.used} == {Cause.NO_FORWARD}


@pytest.mark.parametrize(
    ("spot", "flags"),
    [
        (100.0, ()),
        (100.04, ()),
        (100.06, (Flag.SPOT_MOVED,)),  # over 5 bp
        (99.94, (Flag.SPOT_MOVED,)),
        (math.nan, (Flag.NO_FEED_SPOT,)),
        (-3.0, (Flag.NO_FEED_SPOT,)),
    ],
)
def test_a_feed_spot_that_is_not_the_quotes(spot, flags):
    """It moves nothing but the flag: strikes are measured from the synchronous one."""
    found = snapshot(Market(), spot=spot)
    assert found.flags == flags
    assert found.status is Quality.OK
    assert found.measures[RATIO] == snapshot(Market()).measures[RATIO]


def test_expiries_that_disagree_about_the_spot_are_named():
    """No expiry of the day; the puts of 03-13 are three cents dear, and so its forward low: the median stands."""
    rows = of_days(*[day for day in REAL.days if day != date(2026, 3, 10)])
    first = (rows["expiry"] == list(REAL.days).index(date(2026, 3, 13))) & ~rows["is_call"]
    dear = rows | {side: rows[side] + 0.03 * first for side in ("bid", "ask")}
    one, other = snapshot(REAL, **rows), snapshot(REAL, **dear)
    assert one.flags == ()
    assert other.flags == (Flag.SPOT_DISAGREES,)
    assert other.status is Quality.DEGRADED
    assert other.spot_sync == pytest.approx(one.spot_sync, rel=1e-5)


def test_without_parity_the_feed_stands_in():
    """Puts alone make no forward, and no smile either."""
    rows = {name: column[~TICKED["is_call"]] for name, column in TICKED.items()}
    found = snapshot(REAL, **rows)
    assert found.spot_sync == 100.0
    assert Flag.SPOT_FROM_FEED in found.flags
    assert found.status is Quality.NO_DATA
    assert found.measures[RATIO].reason is Cause.NO_FORWARD
    assert found.quotes.dropped[Reason.NO_FORWARD] > 100
    assert {one.reason for one in found.expiries} == {Cause.NO_FORWARD}


def test_noise_is_named():
    """Two cents to either side of a 110 % call that is worth fifteen: over 3 % of the ratio."""
    found = snapshot(Market(level=0.23, half_spread=0.02, faintest=0.05))
    one = found.measures[RATIO]
    assert one.status is Level.NOISY
    assert (one.high - one.low) / 2 > 0.03 * one.value
    assert found.flags == (Flag.NOISY,)
    assert found.status is Quality.DEGRADED


@dataclass(frozen=True, kw_only=True)
class Bumped(Market):
    """A hump on the smile, `width` wide in ln K."""

    bump: float
    width: float = 0.02
    around: float = 104.0

    def vol(self, day, strike):
        return super().vol(day, strike) + self.bump * np.exp(-((np.log(strike / self.around) / self.width) ** 2) / 2)


@pytest.mark.parametrize(("bump", "arbitrage"), [(0.0, False), (0.01, False), (0.03, True)])
def test_a_butterfly_is_named(bump, arbitrage):
    """The second difference of the call's price in its strike is a density, and must not be negative."""
    market, strike, step = Bumped(bump=bump), np.linspace(90.5, 109.5, 400), 0.01
    butterfly = ((1, -step), (-2, 0.0), (1, step))
    lowest = min(
        sum(lots * market.price(day, strike + shift, is_call=True) for lots, shift in butterfly).min()
        for day in (NEAR, FAR)
    )
    assert (lowest < 0) == arbitrage
    assert (Flag.BUTTERFLY in snapshot(market).flags) == arbitrage


def test_two_smiles_that_disagree_are_named():
    """A spike at the 110 % call that one interpolant follows and the other smooths away."""
    found = snapshot(Bumped(bump=0.02, width=0.005, around=109.9))
    assert Flag.SMILES_DISAGREE in found.flags
    assert found.status is Quality.DEGRADED


def test_a_projected_dividend_is_named():
    paid = Schedule(tuple(Dividend(date(2025, month, 20), 0.0) for month in (3, 6, 9, 12)))
    found = take(Market().chain(), Curve.flat(0.04), paid)
    assert Flag.DIVIDEND_PROJECTED in found.flags


# what cannot be quoted


CALM = Market(level=0.14, slope=-0.4, curvature=0.4, faintest=0.0, strikes=tuple(np.arange(75.0, 126.0).tolist()))


def test_a_call_that_nobody_bids_for_bounds_the_ratio_from_below():
    """METHOD section 10: every offer up to the first strike at the target; never above the truth."""
    found = snapshot(CALM, **ticked(CALM, 0))
    one = found.measures[RATIO]
    assert one.status is Level.BOUNDED
    assert (one.value, one.high, one.reason) == (None, None, Cause.NO_BID)
    truth = CALM.tenor_vol(90.0) / CALM.tenor_vol(110.0)
    assert 0.5 * truth < one.low < truth
    call = found.measures["call_vol_30d_110"]
    assert call.low is None
    assert call.high > CALM.tenor_vol(110.0)
    assert found.measures["skew_spread_30d_90_110"].low < 100 * (CALM.tenor_vol(90.0) - CALM.tenor_vol(110.0))
    assert found.measures["put_vol_30d_90"].value == pytest.approx(CALM.tenor_vol(90.0), abs=0.004)
    assert Flag.BOUNDED in found.flags
    assert found.status is Quality.DEGRADED
    companion = found.measures[COMPANION]
    assert companion.low <= CALM.tenor_vol(95.0) / CALM.tenor_vol(105.0) <= companion.high


@settings(max_examples=40)
@given(st.floats(0.08, 0.16), st.floats(-0.5, -0.1), st.integers(0, 3), st.integers(0, 10**6))
def test_a_bound_is_never_on_the_wrong_side(level, slope, spread, seed):
    market = replace(CALM, level=level, slope=slope)
    found = snapshot(market, **ticked(market, spread, seed=seed))
    low, high = market.tenor_vol(90.0), market.tenor_vol(110.0)
    price = market.tenor_price(90.0, is_call=False) / market.tenor_price(110.0, is_call=True)
    truths = {RATIO: low / high, "price_ratio_30d_90_110": price, "put_vol_30d_90": low, "call_vol_30d_110": high}
    for name, truth in truths.items():
        one = found.measures[name]
        if one.status is Level.BOUNDED:
            assert one.low is None or one.low <= truth, name
            assert one.high is None or one.high >= truth, name


def test_a_put_that_nobody_bids_for_bounds_it_from_above():
    upside = replace(CALM, slope=0.35)
    one = snapshot(upside, **ticked(upside, 0)).measures[RATIO]
    assert one.status is Level.BOUNDED
    assert one.low is None
    assert one.high > upside.tenor_vol(90.0) / upside.tenor_vol(110.0)


def test_a_ladder_that_ends_gives_no_bound():
    short = replace(CALM, strikes=tuple(np.arange(75.0, 108.0).tolist()))
    one = snapshot(short, **ticked(short, 0)).measures[RATIO]
    assert one.status is Level.MISSING
    assert one.reason is Cause.LADDER_ENDS


def test_both_wings_without_a_bid_give_no_bound():
    flat = replace(CALM, level=0.10, slope=0.0, curvature=0.0)
    one = snapshot(flat, **ticked(flat, 0)).measures[RATIO]
    assert one.status is Level.MISSING
    assert one.reason is Cause.NO_BID


# the method


def test_the_method_names_every_setting():
    """Each field changed alone gives another digest; the same settings the same."""
    changed = {
        "tenor_days": 45,
        "pairs": ((80, 120),),
        "moneyness": Base.FORWARD,
        "min_days": 5.0,
        "max_days": 90.0,
        "single_days": 2.0,
        "noisy": 0.02,
        "useless": 0.05,
        "neighbours": 13,
        "parity_pairs": 8,
        "wide_spreads": 5.0,
        "wide_share": 2.0,
        "rates": "treasury",
    }
    assert set(changed) == {one.name for one in fields(Settings)}
    digests = {Settings(**{name: new}).method for name, new in changed.items()}
    assert len(digests | {Settings().method}) == len(changed) + 1
    assert Settings().method == Settings(tenor_days=30).method


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pairs": ()}, "under and over 100"),
        ({"pairs": ((90, 100),)}, "under and over 100"),
        ({"pairs": ((0, 110),)}, "under and over 100"),
        ({"tenor_days": 60}, "min_days < tenor_days < max_days"),
        ({"min_days": 0}, "0 < min_days"),
        ({"noisy": 0.06}, "noisy < useless"),
        ({"neighbours": 4}, "5 neighbours"),
        ({"parity_pairs": 0}, "a pair or more"),
    ],
)
def test_settings_that_mean_nothing(changes, says):
    with pytest.raises(ValueError, match=says):
        Settings(**changes)


def test_stale_flags_of_the_chain_are_kept():
    found = snapshot(Market(), flags=[Flag.STALE, Flag.MARKET_CLOSED])
    assert found.flags == (Flag.MARKET_CLOSED, Flag.STALE)
    assert found.status is Quality.DEGRADED


def test_a_chain_dated_later_is_read_at_its_own_time():
    """An hour later with the same prices every volatility is higher: the same premium for less time."""
    later = snapshot(REAL, as_of=AS_OF + timedelta(hours=1), **TICKED)
    assert later.measures["atm_vol_30d"].value > real().measures["atm_vol_30d"].value
