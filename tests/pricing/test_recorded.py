"""The 58 recorded IWM chains of June and July 2026, where they are at hand: the figures METHOD claims of them, the
vendor's own volatilities, and a second reading of a chain by other means."""

from __future__ import annotations

import gzip
import json
import math
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation does
from scipy.optimize import brentq

from monitor.sources.recorded import Recorded
from pricing import Cause, Curve, Dividend, Flag, Level, Quality, Schedule, Settings, take, tenor
from pricing.smile import Smiles
from pricing.spot import Origin
from pricing.take import work
from pricing.time import NEW_YORK

pytestmark = pytest.mark.realdata

RATE = 0.0369  # one-month Treasury yield of mid-June 2026 (FRED, DGS1MO)
CURVE = Curve.flat(RATE)
PAID = Schedule((Dividend(date(2026, 3, 17), 0.442), Dividend(date(2026, 6, 15), 0.695)))  # the next one in September
RATIO = "skew_ratio_30d_90_110"
SETTINGS = Settings()
ENVELOPE = ("low", "value", "high")


@pytest.fixture(scope="module")
def chains(realdata):
    source = Recorded(realdata / "cboe" / "IWM")
    return [source.parse(payload) for payload in source.payloads()]


@pytest.fixture(scope="module")
def snapshots(chains):
    return [take(chain, CURVE, PAID, SETTINGS) for chain in chains]


@pytest.fixture(scope="module")
def workings(chains):
    return [work(chain, CURVE, PAID, SETTINGS) for chain in chains]


def newyork(found):
    return found.as_of.astimezone(NEW_YORK).replace(tzinfo=None)


def in_session(found):
    return Flag.MARKET_CLOSED not in found.flags


def used(found):
    return [one.expiry for one in found.expiries if one.used]


def test_every_chain_has_a_ratio_inside_its_envelope(snapshots):
    assert len(snapshots) == 58
    for found in snapshots:
        one = found.measures[RATIO]
        assert one.low < one.value < one.high, newyork(found)
        assert found.status is Quality.OK
        assert Flag.OUTSIDE_ENVELOPE not in found.flags


def test_every_measure_lies_inside_its_envelope(snapshots):
    for found in snapshots:
        for name, one in found.measures.items():
            assert one.value is not None, (name, newyork(found))
            assert one.low <= one.value <= one.high, (name, newyork(found))


def test_one_chain_needs_the_edge_rule(snapshots, chains, monkeypatch):
    """On 06-15 at 13:16 the target of 325.25 lay beyond the last listed strike, 325."""
    edge = [found for found in snapshots if found.measures[RATIO].status is Level.EDGE]
    assert [newyork(found).replace(second=0) for found in edge] == [datetime(2026, 6, 15, 13, 16)]  # noqa: DTZ001 - New York
    assert edge[0].spot_sync * 1.1 == pytest.approx(325.25, abs=0.02)
    assert Flag.EDGE in edge[0].flags
    assert used(edge[0]) == [date(2026, 7, 10), date(2026, 7, 17)]
    monkeypatch.setattr(tenor, "EDGE", 0.0)
    without = take(chains[1], CURVE, PAID, SETTINGS)
    assert used(without) == [date(2026, 6, 30), date(2026, 7, 17)]  # the nearest that reaches is 15 days away
    assert next(one.reason for one in without.expiries if one.expiry == date(2026, 7, 10)) is Cause.LADDER_ENDS
    # with the pair of the other 57 there is no ratio
    only = Settings(min_days=20)
    assert take(chains[1], CURVE, PAID, only).measures[RATIO].value is None
    for chain, found in zip(chains, snapshots, strict=True):
        if found is not edge[0]:
            assert take(chain, CURVE, PAID, only).measures[RATIO].value == pytest.approx(found.measures[RATIO].value)


def test_the_edge_lies_between_its_neighbours(snapshots):
    """METHOD section 8: read so the call is at 20.2, between 20.5 and 20.1 before and after."""
    before, edge, after = (found.measures["call_vol_30d_110"].value for found in snapshots[:3])
    assert before > edge > after
    assert edge == pytest.approx(0.202, abs=0.001)


def numbers(found):
    """Envelopes by name, open interest's left out; 0 stands for none."""
    kept = {name: one for name, one in found.measures.items() if name != "put_call_oi_10"}
    return {f"{name} {side}": getattr(one, side) or 0.0 for name, one in kept.items() for side in ENVELOPE}


def test_a_holiday_repeats_the_evening_before_in_every_measure(snapshots):
    """06-19 is Juneteenth: six files, all dated 06-18 16:15. The feed's spot moves on, open interest is counted in the
    night, an expiry is listed that nobody quotes, and nothing else changes."""
    evening = next(found for found in snapshots if found.fetched_at.strftime("%m%dT%H") == "0618T20")
    holiday = [found for found in snapshots if found.fetched_at.date() == date(2026, 6, 19)]
    assert len(holiday) == 6
    statuses = {name: one.status for name, one in evening.measures.items()}
    for found in holiday:
        assert numbers(found) == pytest.approx(numbers(evening), rel=1e-8)
        assert {name: one.status for name, one in found.measures.items()} == statuses
        assert found.as_of == evening.as_of
        assert found.spot_sync == pytest.approx(evening.spot_sync, rel=1e-9)
        assert [one.expiry for one in found.expiries if one.pairs] == [
            one.expiry for one in evening.expiries if one.pairs
        ]
        assert used(found) == used(evening)
        assert found.quotes.kept == evening.quotes.kept
        assert found.spot != evening.spot


def test_every_row_is_accounted_for(snapshots, chains):
    for found, chain in zip(snapshots, chains, strict=True):
        assert found.quotes.total == len(chain)
        assert found.quotes.total == found.quotes.kept + sum(found.quotes.dropped.values())
        assert found.quotes.kept > 600


def test_own_volatilities_are_the_vendors(chains, workings):
    """METHOD section 13: 0.0006 at the median over out-of-the-money quotes; 0.001 on every single chain."""
    medians = []
    for chain, found in zip(chains, workings, strict=True):
        mine = np.concatenate([ladder.mid[ladder.kept] for ladder in found.ladders])
        rows = np.concatenate([ladder.rows[ladder.kept] for ladder in found.ladders])
        priced = chain.bid[rows] >= 0.05
        medians.append(np.nanmedian(np.abs(mine - chain.vendor_vol[rows])[priced]))
    assert max(medians) <= 0.001
    assert np.median(medians) <= 0.0006


@pytest.mark.parametrize(("percent", "rms", "bias"), [(90, 0.03, 0.01), (110, 0.08, 0.02)])
def test_leave_one_strike_out(chains, workings, percent, rms, bias):
    """METHOD section 8: in session, expiries of 20 to 46 days, strikes within 1 % of the target, each read off the
    others. Vol points; at least 95 % within one half-spread."""
    error, share = [], []
    for chain, found in zip(chains, workings, strict=True):
        if not in_session(chain):
            continue
        target = found.anchored.spot.value * percent / 100
        for ladder in found.ladders:
            if not 20 <= ladder.years * 365 <= 46:
                continue
            strike, vol, bid, ask = (
                column[ladder.kept] for column in (ladder.strike, ladder.mid, ladder.bid, ladder.ask)
            )
            k, half = np.log(strike / ladder.forward), (ask - bid) / 2
            for left_out in np.flatnonzero(np.abs(strike / target * percent - percent) <= 1):
                if not 0 < left_out < strike.size - 1:
                    continue
                others = np.arange(strike.size) != left_out
                read = Smiles(k[others], vol[others], half[others]).read(
                    k[left_out : left_out + 1], neighbours=SETTINGS.neighbours
                )
                error.append(100 * (read.vol[0] - vol[left_out]))
                share.append(abs(read.vol[0] - vol[left_out]) / half[left_out])
    assert len(error) > 150
    assert math.sqrt(np.mean(np.square(error))) <= rms
    assert abs(np.mean(error)) <= bias
    assert np.median(share) <= 0.25
    assert np.mean(np.array(share) <= 1) >= 0.95


def test_the_feeds_spot_moves_on_after_the_close(snapshots):
    """METHOD section 3: gaps of 10 to 13 bp on several evenings; in session the quotes and the feed agree."""
    moved = {newyork(found).date() for found in snapshots if Flag.SPOT_MOVED in found.flags}
    assert {date(2026, 6, day) for day in (15, 16, 18, 22)} == moved
    for found in snapshots:
        gap = abs(found.spot_gap) / found.spot_sync * 1e4
        assert (Flag.SPOT_MOVED in found.flags) == (gap > 5)
        if in_session(found):
            assert gap < 3
    widest = max(abs(found.spot_gap) / found.spot_sync * 1e4 for found in snapshots)
    assert 10 < widest < 14


def test_the_expiry_of_the_day_gives_the_spot_in_session(snapshots, workings):
    """METHOD section 3: its median gap to the feed's spot is 0.015."""
    gaps = []
    for found, inside in zip(snapshots, workings, strict=True):
        ended = (found.as_of.astimezone(NEW_YORK) + timedelta(minutes=30)).hour >= 16
        assert inside.anchored.spot.origin is (Origin.PARITY if ended else Origin.SAME_DAY)
        if not ended:
            gaps.append(abs(found.spot_gap))
    assert len(gaps) > 35
    assert np.median(gaps) <= 0.016


def test_the_first_expiries_agree_on_the_spot(workings):
    """METHOD section 3: carried between settlements, the first five lie within 0.020 at the median."""
    apart = []
    for found in workings:
        anchored = found.anchored
        later = np.flatnonzero((anchored.days > 0) & np.isfinite(anchored.forwards.forward))[:5]
        carried = anchored.forwards.forward[later] * np.exp(-RATE * anchored.days[later] / 365)
        apart.append(np.ptp(carried + anchored.dividend_value[later]))
    assert np.median(apart) <= 0.03
    assert not any(found.anchored.spot.disagrees for found in workings)


def test_moneyness_of_the_forward_lowers_the_ratio(chains, snapshots):
    """METHOD section 1: by 0.010 to 0.021."""
    for chain, found in list(zip(chains, snapshots, strict=True))[::6]:
        of_forward = take(chain, CURVE, PAID, Settings(moneyness="forward")).measures[RATIO].value
        assert 0.008 < found.measures[RATIO].value - of_forward < 0.022


def test_a_point_of_rate_hardly_matters(chains, snapshots):
    """METHOD section 5: with F kept r + 1 % moves the ratio by 0.005 %. The premiums of early exercise move F a little:
    2.1 bp of it at 3.65 % and 30 days are 2.7 at 4.65 %, and a basis point is 0.16 % of the ratio."""
    for chain, found in list(zip(chains, snapshots, strict=True))[::10]:
        higher = take(chain, Curve.flat(RATE + 0.01), PAID, SETTINGS).measures[RATIO].value
        assert higher == pytest.approx(found.measures[RATIO].value, rel=0.16e-2)


def test_half_the_envelope(snapshots):
    """METHOD section 10: in session 1.4 % of the ratio at the median, 0.6 to 2.3 %."""
    ratios = [found.measures[RATIO] for found in snapshots if in_session(found)]
    half = [(one.high - one.low) / 2 / one.value for one in ratios]
    assert np.median(half) == pytest.approx(0.014, abs=0.003)
    assert min(half) > 0.005
    assert max(half) < 0.025


# the same chain read by other means


@cache
def american(spot, strike, days, years, vol, *, is_call):
    """QuantLib's fixed points. Its lives are whole days; only sigma^2 T and r T matter, so both are scaled to them."""
    today = ql.Date(1, 6, 2026)
    ql.Settings.instance().evaluationDate = today
    count, scale = ql.Actual365Fixed(), years * 365 / days
    interest, none = (ql.YieldTermStructureHandle(ql.FlatForward(today, r * scale, count)) for r in (RATE, 0.0))
    flat = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), vol * scale**0.5, count))
    process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(spot)), none, interest, flat)
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
    option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + days))
    option.setPricingEngine(ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.fastScheme()))
    return option.NPV()


def implied(spot, strike, years, price, *, is_call):
    days = max(round(years * 365), 1)
    return brentq(lambda vol: american(spot, strike, days, years, vol, is_call=is_call) - price, 0.03, 2.0, xtol=1e-7)


def second_reading(path, closed=None, carried=None):
    """Spot and ratio from the bytes: standard library, QuantLib's American inversion, weighted means, least squares.

    After the close: its instant, and the days between settlements to the next five expiries, counted by hand.
    """
    answer = json.loads(gzip.decompress(path.read_bytes()))
    made = datetime.fromisoformat(answer["timestamp"]).replace(tzinfo=UTC)
    fetched = datetime.strptime(path.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    as_of = closed or min(made, fetched) - timedelta(minutes=15)
    quotes = {}
    for row in answer["data"]["options"]:
        day, side, mills = re.fullmatch(r"IWM(\d{6})([CP])(\d{8})", row["option"]).groups()
        if 0 < row["bid"] < row["ask"]:
            quotes.setdefault(day, {}).setdefault(int(mills) / 1000, {})[side] = (row["bid"], row["ask"])

    def years_to(day):
        end = datetime.strptime(day, "%y%m%d").replace(hour=20, tzinfo=UTC)  # 16:00 in New York's summer
        return (end - as_of) / timedelta(days=365)

    def forward_of(day):
        years = years_to(day)
        pairs = {k: q for k, q in quotes[day].items() if len(q) == 2}
        mid = {k: {side: sum(q[side]) / 2 for side in "CP"} for k, q in pairs.items()}
        nearest = sorted(mid, key=lambda k: abs(mid[k]["C"] - mid[k]["P"]))[:10]
        forward = np.median([k + math.exp(RATE * years) * (mid[k]["C"] - mid[k]["P"]) for k in nearest])
        spot, days, each = forward * math.exp(-RATE * years), max(round(years * 365), 1), []
        for k in nearest:
            call = k >= forward
            vol = implied(spot, k, years, mid[k]["C" if call else "P"], is_call=call)
            value = {side: american(spot, k, days, years, vol, is_call=side == "C") for side in "CP"}
            # American parity at this volatility is wrong by as much as at the quotes
            wrong = k + math.exp(RATE * years) * (value["C"] - value["P"]) - forward
            each.append(k + math.exp(RATE * years) * (mid[k]["C"] - mid[k]["P"]) - wrong)
        tight = [1 / sum(ask - bid for bid, ask in pairs[k].values()) ** 2 for k in nearest]
        return float(np.average(each, weights=tight))

    def vol_at(day, target, forward):
        years, is_call = years_to(day), target > forward
        side = "C" if is_call else "P"
        spot = forward * math.exp(-RATE * years)
        there = sorted(k for k, q in quotes[day].items() if side in q and (k >= forward) == is_call)
        nearest = np.array(sorted(there, key=lambda k: abs(math.log(k / target)))[: SETTINGS.neighbours])
        vols = np.array(
            [
                [
                    implied(spot, k, years, p, is_call=is_call)
                    for p in (*quotes[day][k][side], sum(quotes[day][k][side]) / 2)
                ]
                for k in nearest
            ]
        )
        x = np.log(nearest / target)
        weight = (1 - np.abs(x / np.abs(x).max()) ** 3) ** 3 / ((vols[:, 1] - vols[:, 0]) / 2)
        root = np.sqrt(weight)
        return np.linalg.lstsq(root[:, None] * np.vander(x, 3), root * vols[:, 2], rcond=None)[0][2]

    carried = carried or {fetched.strftime("%y%m%d"): 0}
    spot = float(np.median([forward_of(day) * math.exp(-RATE * days / 365) for day, days in carried.items()]))
    near = max(day for day in quotes if 7 <= years_to(day) * 365 <= 30)
    far = min(day for day in quotes if years_to(day) * 365 > 30)
    late = (30 / 365 - years_to(near)) / (years_to(far) - years_to(near))
    vols = []
    for target in (0.9 * spot, 1.1 * spot):
        total = [vol_at(day, target, forward_of(day)) ** 2 * years_to(day) for day in (near, far)]
        vols.append(math.sqrt((total[0] + late * (total[1] - total[0])) * 365 / 30))
    return spot, vols[0] / vols[1]


AFTER_JUNETEENTH = {"260622": 1, "260623": 2, "260624": 3, "260625": 4, "260626": 7}  # from Monday 06-22


@pytest.mark.parametrize(
    ("name", "closed", "carried"),
    [
        ("20260617T174438Z", None, None),
        ("20260630T163331Z", None, None),
        ("20260618T203754Z", datetime(2026, 6, 18, 20, 15, tzinfo=UTC), AFTER_JUNETEENTH),
    ],
)
def test_a_second_reading(realdata, snapshots, name, closed, carried):
    spot, ratio = second_reading(realdata / "cboe" / "IWM" / f"{name}.json.gz", closed, carried)
    found = next(found for found in snapshots if found.fetched_at.strftime("%Y%m%dT%H%M%SZ") == name)
    assert found.spot_sync == pytest.approx(spot, abs=0.005)
    assert found.measures[RATIO].value == pytest.approx(ratio, rel=3e-4)
