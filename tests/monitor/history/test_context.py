"""Context from daily prices: cases by hand and pandas on recorded prices."""

import numpy as np
import pandas as pd
import pytest

from monitor.history.context import Held, against, context, support
from monitor.history.prices import Prices
from monitor.history.sessions import sessions_between
from tests.monitor.history import make, real


def made(close, **ranges):
    return Prices.of("IWM", make.sessions(len(close)), close, **ranges)


def recorded(symbol):
    table = real.prices(symbol)
    return table, Prices.of(symbol, table.index.to_numpy(), table["close"], high=table["high"], low=table["low"])


@pytest.mark.realdata
@pytest.mark.parametrize("when", ["2008-10-10", "2020-03-23", "2026-07-24"])
def test_against_pandas_on_recorded_prices(when):
    table, prices = recorded("IWM")
    past = table.loc[:when]
    found = context(prices, when)
    year = past.loc[past.index > pd.Timestamp(when) - pd.Timedelta(weeks=52)]
    assert found.price == past["close"].iloc[-1]
    assert found.peak.price == year["high"].max()
    assert str(found.peak.on) == str(year["high"].idxmax().date())
    assert found.peak.distance == pytest.approx(past["close"].iloc[-1] / year["high"].max() - 1)
    for size in (50, 100, 200):
        mean = past["close"].rolling(size).mean().iloc[-1]
        assert found.averages[size].price == pytest.approx(mean)
        assert found.averages[size].distance == pytest.approx(past["close"].iloc[-1] / mean - 1)
    weeks = past["close"].pct_change(5)
    assert found.week == pytest.approx(weeks.iloc[-1])
    assert found.week_percentile == pytest.approx(100 * weeks.iloc[-253:-1].lt(weeks.iloc[-1]).mean())
    run = 0
    for move in past["close"].pct_change().iloc[::-1]:
        if abs(move) < 0.01 or (run and np.sign(move) != np.sign(run)):
            break
        run += int(np.sign(move))
    assert found.run == run


@pytest.mark.realdata
def test_against_a_benchmark_in_pandas():
    iwm, prices = recorded("IWM")
    spy, benchmark = recorded("SPY")
    found = against(prices, benchmark, "2026-07-24")
    both = pd.DataFrame({"a": iwm["close"], "b": spy["close"]}).dropna().loc[:"2026-07-24"]
    for span in (5, 21, 63):
        moves = both.pct_change(span).iloc[-1]
        assert found.returns[span] == pytest.approx(moves.a - moves.b)
    logs = np.log(both).diff()
    rolling = logs.a.rolling(60).corr(logs.b)
    assert found.correlation == pytest.approx(rolling.iloc[-1])
    assert found.correlation_percentile == pytest.approx(100 * rolling.iloc[-253:-1].lt(rolling.iloc[-1]).mean())


def test_a_short_record_says_less():
    found = context(made(np.linspace(100, 110, 60)), make.sessions(60)[-1])
    assert found.peak is None
    assert found.averages[50] is not None
    assert found.averages[100] is None
    assert found.week == pytest.approx(110 / (100 + 10 * 54 / 59) - 1)
    assert found.week_percentile is None
    assert context(made([1.0]), "2009-01-02") is None


def test_an_intraday_price_stands_for_its_session():
    close = np.linspace(100, 110, 300)
    days = make.sessions(302)
    at = context(made(close), days[301], price=99.0)
    assert (at.provisional, at.price, at.age, at.session) == (True, 99.0, 0, days[301])
    assert at.averages[50].price == pytest.approx(np.mean([*close[-48:], 99.0]))  # one session has no close
    same = context(made(close), days[299], price=99.0)
    assert same.price == 99.0
    assert same.averages[50].price == pytest.approx(np.mean([*close[-50:-1], 99.0]))
    late = context(made(close), days[301])
    assert (late.provisional, late.price, late.age) == (False, 110.0, 2)


def test_the_future_never_matters():
    close = np.random.default_rng(1).uniform(90, 110, 400)
    days = make.sessions(400)
    other = close.copy()
    other[301:] = 1.0
    assert context(made(close), days[300]) == context(made(other), days[300])
    assert against(made(close), made(other), days[300]) == against(made(other), made(close[:301]), days[300])
    one, two = (made(each, low=each - 1) for each in (close, other))
    assert support(one, days[250], days[300]) == support(two, days[250], days[300])


def test_a_high_counts_before_a_close():
    close = np.full(300, 100.0)
    found = context(made(close, high=np.where(np.arange(300) == 250, 130.0, 101.0)), make.sessions(300)[-1])
    assert found.peak.price == 130.0
    assert found.peak.on == make.sessions(300)[250]
    without = context(made(close), make.sessions(300)[-1])
    assert without.peak.price == 100.0


@pytest.mark.parametrize(
    ("closes", "state", "broken"),
    [
        ([95.0, 96.0], Held.HELD, None),
        ([95.0, 93.9], Held.BROKEN, 2),
        ([93.0, 95.0], Held.REGAINED, 1),
        ([94.0], Held.HELD, None),  # at the low is not below it
        ([], Held.UNKNOWN, None),
    ],
)
def test_a_close_below_the_low_of_a_day(closes, state, broken):
    prices = made([96.0, *closes], low=[94.0, *([90.0] * len(closes))])  # lows of later days do not break it
    days = make.sessions(10)
    found = support(prices, days[0], days[9])
    assert (found.state, found.broken_on) == (state, None if broken is None else days[broken])
    if closes:
        assert (found.price, found.distance) == (94.0, pytest.approx(closes[-1] / 94 - 1))


def test_a_day_without_a_low_supports_nothing():
    prices = made([96.0, 97.0])
    assert support(prices, make.sessions(2)[0], make.sessions(2)[1]).state is Held.UNKNOWN
    assert support(prices, "2009-12-31", make.sessions(2)[1]).price is None


def test_two_moments_are_not_compared():
    close = np.random.default_rng(1).uniform(90, 110, 100)
    days = make.sessions(101)
    one = against(made(close), made(close[::-1].copy()), days[100], price=50.0)
    assert one == against(made(close), made(close[::-1].copy()), days[100])
    both = against(made(close), made(close[::-1].copy()), days[100], price=50.0, benchmark_price=60.0)
    assert both.returns[5] == pytest.approx(50 / close[95] - 60 / close[4])


def test_nothing_in_common():
    early, late = made([1.0, 2.0]), Prices.of("SPY", sessions_between("2020-01-02", "2020-01-10"), np.ones(7))
    assert against(early, late, "2020-01-10") is None
    assert against(early, made([1.0, 2.0]), "2020-01-10").correlation is None


def test_a_day_traded_against_the_rule_is_a_session():
    saturday = np.array(["2020-01-03", "2020-01-04", "2020-01-06"], "datetime64[D]")
    assert Prices.of("X", saturday, [1.0, 2.0, 3.0]).close.tolist() == [1.0, 2.0, 3.0]
    assert Prices.of("X", saturday[:0], []).closes.sessions.size == 0
