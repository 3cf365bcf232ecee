"""Attribution: moves of known cause, the law that parts add up, and recorded chains."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.history.attribution import attribute
from monitor.history.look import Look, Slice, look_of
from monitor.sources.recorded import Recorded
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.settings import Settings
from pricing.take import take
from tests.monitor.history import real

START = datetime(2026, 6, 15, 19, 45, tzinfo=UTC)
EXPIRIES = [date(2026, 6, 26), date(2026, 7, 10), date(2026, 7, 17), date(2026, 7, 24), date(2026, 8, 21)]
TENOR = 30 / 365


def years_to(expiry, when):
    return (datetime(expiry.year, expiry.month, expiry.day, 20, tzinfo=UTC) - when) / timedelta(365)


def smile(strike, years, *, put=0.0, call=0.0):
    """Volatility by strike in dollars, whatever spot is: what a contract's volatility is until somebody moves it."""
    k = np.log(strike / 200.0)
    return 0.2 + 0.02 * np.sqrt(years) - 0.5 * k + 0.8 * k**2 + np.where(k < 0, put, call)


def look(when=START, spot=200.0, *, put=0.0, call=0.0, pair=(1, 2), expiries=EXPIRIES, reach=0.35):
    grid = np.exp(np.linspace(np.log(spot * (1 - reach)), np.log(spot * (1 + reach)), 121))
    slices = tuple(
        Slice(
            expiry=expiry,
            years=years_to(expiry, when),
            used=at in pair,
            first=float(grid[0]),
            last=float(grid[-1]),
            vol=smile(grid, years_to(expiry, START), put=put, call=call),  # by the contract, not by its age
        )
        for at, expiry in enumerate(expiries)
    )
    down, up = 0.9 * spot, 1.1 * spot
    near, far = (slices[at] for at in pair)
    late = (TENOR - near.years) / (far.years - near.years)
    put_vol, call_vol = (
        float(
            np.sqrt(((1 - late) * near.at(strike) ** 2 * near.years + late * far.at(strike) ** 2 * far.years) / TENOR)
        )
        for strike in (down, up)
    )
    return Look(
        as_of=when, tenor_days=30, put_strike=down, call_strike=up, put_vol=put_vol, call_vol=call_vol, slices=slices
    )


def test_nothing_happened():
    found = attribute(look(), look())
    assert found.spread.total == 0
    assert (found.spread.put_wing, found.spread.call_wing, found.spread.spot, found.spread.roll) == (0, 0, 0, 0)
    assert found.ratio.total == 0
    assert found.whole
    assert not found.interpolated


def test_only_spot_moved():
    """The smile stands still in strike, so the targets slide along it and nobody's volatility changed."""
    found = attribute(look(), look(spot=204.0))
    assert found.spread.spot == pytest.approx(found.spread.total, abs=1e-3)
    assert abs(found.spread.total) > 0.01
    assert found.spread.put_wing == pytest.approx(0, abs=1e-3)  # what two grids of points differ by
    assert found.spread.call_wing == pytest.approx(0, abs=1e-3)
    assert found.spread.roll == pytest.approx(0, abs=1e-9)


def test_puts_were_bid_up():
    found = attribute(look(), look(put=0.01))
    assert found.spread.total == pytest.approx(1.0, abs=1e-5)
    assert found.spread.put_wing == pytest.approx(1.0, abs=1e-5)
    assert (found.spread.call_wing, found.spread.spot, found.spread.roll) == (0, 0, 0)


def test_calls_were_bid_up():
    found = attribute(look(), look(call=0.01))
    assert found.spread.call_wing == pytest.approx(-1.0, abs=1e-5)  # dearer calls take from the skew
    assert found.ratio.call_wing < 0
    assert found.ratio.put_wing == 0


def test_only_time_passed():
    """The same pair a day later: each contract keeps its volatility and the tenor is weighed anew."""
    old, new = look(), look(START + timedelta(1))
    assert new.put_vol != old.put_vol
    found = attribute(old, new)
    assert found.spread.roll == pytest.approx(found.spread.total)
    assert found.spread.spot == pytest.approx(0, abs=1e-12)
    assert found.spread.put_wing == pytest.approx(0, abs=1e-9)


def test_the_pair_rolled():
    """Four days later other expiries bracket the tenor; their old volatilities are known, so it is all roll."""
    found = attribute(look(), look(START + timedelta(4), pair=(2, 3)))
    assert found.spread.roll == pytest.approx(found.spread.total)
    assert found.spread.put_wing == pytest.approx(0, abs=1e-9)
    assert not found.interpolated


def test_an_expiry_that_was_not_kept_is_read_between_its_neighbours():
    old = look(expiries=[EXPIRIES[0], EXPIRIES[1], EXPIRIES[2], EXPIRIES[4]])
    new = look(START + timedelta(4), pair=(2, 3))
    found = attribute(old, new)
    assert found.interpolated
    assert found.spread.roll == pytest.approx(found.spread.total, abs=0.02)
    alone = attribute(replace(old, slices=old.slices[:3]), new)  # nothing later: the nearest stands in
    assert alone.interpolated
    assert alone.spread.roll == pytest.approx(alone.spread.total, abs=0.2)


def test_a_target_beyond_the_old_quotes_is_read_on_the_new_smile_alone():
    """Spot rose by 4 %: the new 110 % call was not listed in the old chain, the old one still is."""
    old, new = look(reach=0.12), look(spot=208.0, call=0.01, reach=0.12)
    assert np.isnan(old.slices[1].at(new.call_strike))
    found = attribute(old, new)
    wide = attribute(look(), look(spot=208.0, call=0.01))
    assert found.whole
    assert found.spread.call_wing == pytest.approx(-1.0, abs=2e-3)
    assert found.spread.spot == pytest.approx(wide.spread.spot, abs=2e-3)


def test_where_neither_smile_has_both_targets_nothing_is_split():
    def cut(kept, **ends):
        return replace(kept, slices=tuple(replace(each, **ends) for each in kept.slices))

    old, new = cut(look(), last=221.0), cut(look(spot=208.0), first=222.0)
    found = attribute(old, new)
    assert not found.whole
    assert found.spread.call_wing is None
    assert found.spread.spot is None
    assert found.spread.roll is None
    assert found.spread.put.total + found.spread.call.total == pytest.approx(found.spread.total)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


moves = st.floats(-0.02, 0.02)


@given(st.floats(190, 210), moves, moves, st.integers(0, 6), st.booleans())
@settings(max_examples=60, deadline=None)
def test_parts_add_up(spot, put, call, days, rolled):
    found = attribute(
        look(), look(START + timedelta(days), spot, put=put, call=call, pair=(2, 3) if rolled else (1, 2))
    )
    for parts in (found.spread, found.ratio):
        total = parts.put_wing + parts.call_wing + parts.spot + parts.roll
        assert total == pytest.approx(parts.total, abs=1e-12)
        assert parts.put.total + parts.call.total == pytest.approx(parts.total, abs=1e-12)


@given(st.floats(190, 210), moves, moves)
@settings(max_examples=30, deadline=None)
def test_there_and_back_is_nothing(spot, put, call):
    """At one instant a move and its reverse have opposite totals."""
    one, two = look(), look(spot=spot, put=put, call=call)
    assert attribute(one, two).spread.total == pytest.approx(-attribute(two, one).spread.total)


def test_it_is_kept_as_json():
    kept = look(put=0.01)
    again = Look.from_dict(json.loads(json.dumps(kept.to_dict(), allow_nan=False)))
    assert again.to_dict() == kept.to_dict()
    one, two = attribute(look(), kept), attribute(look(), again)
    assert one.spread.put_wing == pytest.approx(two.spread.put_wing, abs=1e-3)


def test_mistakes_of_the_caller():
    with pytest.raises(ValueError, match="order of time"):
        attribute(look(START + timedelta(1)), look())
    with pytest.raises(ValueError, match="one tenor"):
        attribute(look(), replace(look(), tenor_days=60))
    with pytest.raises(ValueError, match="one or two expiries"):
        replace(look(), slices=())


DIVIDENDS = Schedule((Dividend(date(2026, 3, 17), 0.442), Dividend(date(2026, 6, 15), 0.695)), None)


def recorded_look(name):
    source = Recorded(real.file(f"cboe/IWM/{name}.json.gz"))
    snapshot = take(source.parse(source.fetch()), Curve.flat(0.0375), DIVIDENDS)
    return snapshot, look_of(snapshot)


def test_one_expiry_alone_keeps_its_volatility():
    old, new = look(), look()
    single = [replace(each, used=each.expiry == EXPIRIES[2]) for each in old.slices]
    strikes = {"put_vol": new.put_strike, "call_vol": new.call_strike}
    new = replace(new, slices=tuple(single), **{name: single[2].at(strike) for name, strike in strikes.items()})
    found = attribute(old, new)
    assert found.spread.roll == pytest.approx(found.spread.total)
    assert found.spread.put_wing == pytest.approx(0, abs=1e-9)


@pytest.mark.realdata
def test_the_companion_can_be_looked_at():
    snapshot, kept = recorded_look("20260615T190825Z")
    nearer = look_of(snapshot, pair=1)
    assert kept.put_strike < nearer.put_strike < nearer.call_strike < kept.call_strike
    assert kept.put_vol == pytest.approx(snapshot.measures["put_vol_30d_90"].value, rel=1e-12)
    assert kept.call_vol == pytest.approx(snapshot.measures["call_vol_30d_110"].value, rel=1e-12)
    assert nearer.put_vol / nearer.call_vol == pytest.approx(snapshot.measures["skew_ratio_30d_95_105"].value)


@pytest.mark.realdata
def test_recorded_chains():
    """What is kept reads back the measured wings, and a week's move is shared out whole."""
    taken = [recorded_look(name) for name in ("20260615T190825Z", "20260616T190011Z", "20260622T185702Z")]
    for snapshot, kept in taken:
        spread = snapshot.measures["skew_spread_30d_90_110"].value
        assert 100 * (kept.put_vol - kept.call_vol) == pytest.approx(spread)
        for strike, vol in ((kept.put_strike, kept.put_vol), (kept.call_strike, kept.call_vol)):
            near, far = kept.pair
            late = (TENOR - near.years) / (far.years - near.years)
            variance = (1 - late) * near.at(strike) ** 2 * near.years + late * far.at(strike) ** 2 * far.years
            assert np.sqrt(variance / TENOR) == pytest.approx(vol, abs=1e-4)  # 0.01 vol points
    for (_, old), (_, new) in ((taken[0], taken[1]), (taken[1], taken[2]), (taken[0], taken[2])):
        found = attribute(old, new)
        assert found.whole
        parts = found.spread
        assert parts.put_wing + parts.call_wing + parts.spot + parts.roll == pytest.approx(parts.total)


def test_no_look_without_wings():
    class Nothing:
        measures: dict = {}  # noqa: RUF012 - a snapshot that measured nothing
        spot_sync = 200.0

    assert look_of(Nothing(), Settings()) is None


@pytest.mark.realdata
def test_a_curve_that_does_not_reach_in_is_not_kept():
    snapshot, kept = recorded_look("20260615T190825Z")
    far = replace(snapshot.smiles[0], curve_strike=snapshot.smiles[0].curve_strike * 5)
    assert len(look_of(replace(snapshot, smiles=(far, *snapshot.smiles))).slices) == len(kept.slices)
