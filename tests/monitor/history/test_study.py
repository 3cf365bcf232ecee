"""Base rates: a second calculation in pandas, cases by hand, and how often chance is believed."""

import json

import numpy as np
import pandas as pd
import pytest

from monitor.history.bootstrap import draw
from monitor.history.episodes import Signal, at_extreme, episodes, in_a_row
from monitor.history.prices import Prices
from monitor.history.series import Series
from monitor.history.study import Verdict, forward_returns, study
from tests.monitor.history import make, real


def on(days, at):
    """A signal that enters on some days only, and leaves on all others."""
    enter = np.isin(np.arange(days.size), at)
    return Signal(what="chosen days", sessions=days, enter=enter, leave=~enter, known=np.ones(days.size, bool))


def walk(number, seed, drift=0.0005):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(drift, 0.012, number)))


def pandas_study(rank, closes, horizon, enter=95, leave=80, reopen=5):
    """Episodes by walking over the days, outcomes by shifted closes: nothing shared with the code."""
    armed, ended, starts, calendar = True, None, [], list(rank.index)
    for at, day in enumerate(calendar):
        p = rank[day]
        if pd.isna(p):
            continue
        if armed and p >= enter:
            armed = False
            if ended is None or at - ended > reopen:
                starts.append(day)
        elif not armed and p < leave:
            armed, ended = True, at
    ahead = closes.shift(-horizon).div(closes).sub(1).reindex(rank.index)
    return starts, ahead.loc[starts].dropna(), ahead[rank.notna()].dropna()


def test_by_hand():
    days = make.sessions(12)
    closes = Series.of("IWM", "close", days, [100, 110, 99, 108.9, 98.01, 100, 100, 100, 90, 100, 80, 100.0])
    found = study(on(days, [0, 2, 8]), closes, reopen=0, horizons=(1,)).horizons[0]
    assert found.after.n == 3  # +10 %, +10 %, +11.1 %
    assert found.after.mean == pytest.approx((0.1 + 0.1 + 1 / 9) / 3)
    assert (found.after.median, found.after.hit_rate) == (pytest.approx(0.1), 1.0)
    assert found.all_days.n == 11
    assert found.after.best == pytest.approx(1 / 9)
    assert found.verdict is Verdict.TOO_FEW
    assert found.excess == pytest.approx(found.after.mean - found.all_days.mean)


def test_an_outcome_that_is_not_known_yet_is_not_counted():
    days = make.sessions(100)
    found = study(on(days, [10, 97]), Series.of("IWM", "close", days, walk(100, 1)), horizons=(5,))
    assert found.starts.tolist() == days[[10, 97]].tolist()
    assert found.horizons[0].after.n == 1
    assert found.horizons[0].mean_low is None


def test_no_episode_at_all():
    days = make.sessions(100)
    found = study(on(days, []), Series.of("IWM", "close", days, walk(100, 1)))
    assert (found.starts.size, found.ongoing) == (0, False)
    assert found.horizons[0].after.n == 0
    assert found.horizons[0].excess is None
    assert found.horizons[0].detectable is None
    assert found.horizons[0].verdict is Verdict.TOO_FEW
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


def test_nothing_known():
    empty = np.empty(0, "datetime64[D]")
    found = study(on(empty, []), Series.of("IWM", "close", empty, []))
    assert found.first is None
    assert found.horizons[0].all_days.n == 0


def test_windows_that_overlap_are_not_apart():
    days = make.sessions(400)
    found = study(on(days, [10, 20, 31, 100, 110]), Series.of("IWM", "close", days, walk(400, 1)), reopen=0)
    assert [each.apart for each in found.horizons] == [5, 3, 2]  # a month: 10, 31 where that of 10 ends, 100


def test_the_smallest_effect_that_would_be_seen_shrinks_with_episodes():
    days = make.sessions(2000)
    closes = Series.of("IWM", "close", days, walk(2000, 2))
    few = study(on(days, range(50, 450, 40)), closes, reopen=0).horizons[1]
    many = study(on(days, range(50, 1650, 40)), closes, reopen=0).horizons[1]
    assert few.detectable == pytest.approx(2 * many.detectable, rel=0.05)  # four times the episodes
    spread = pd.Series(closes.value).pct_change(21).std()
    assert few.detectable == pytest.approx(2.8016 * spread / 10**0.5, rel=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_pandas_on_random_series(seed):
    n = 1500
    days = make.sessions(n)
    gaps = np.random.default_rng(seed).random(n) < 0.05
    ratio = Series.of("IWM", "m", days[~gaps], make.persistent(n, seed)[~gaps])
    closes = Series.of("IWM", "close", days, walk(n, seed))
    check(ratio, closes)


@pytest.mark.realdata
def test_against_pandas_on_the_dealers_series():
    ratio = real.dealer()
    series = Series.of("SPX", "skew_ratio_30d_90_110", ratio.index.to_numpy(), ratio.to_numpy())
    table = real.prices("SPX")
    closes = Prices.of("SPX", table.index.to_numpy(), table["close"].to_numpy()).closes
    check(series, closes)


def check(ratio, closes):
    found = study(at_extreme(ratio), closes)
    frame = pd.Series(ratio.value, index=pd.DatetimeIndex(ratio.sessions))
    rank = pd.Series(np.nan, index=frame.index)
    for at in range(len(frame)):
        past = frame.iloc[max(at - 252, 0) : at].dropna()
        if len(past) >= 120 and pd.notna(frame.iloc[at]):
            rank.iloc[at] = 100 * (past.lt(frame.iloc[at]).mean() + past.eq(frame.iloc[at]).mean() / 2)
    prices = pd.Series(closes.value, index=pd.DatetimeIndex(closes.sessions))
    for each in found.horizons:
        starts, after, everything = pandas_study(rank, prices, each.horizon)
        assert [str(day)[:10] for day in starts] == [str(day) for day in found.starts]
        assert (each.after.n, each.all_days.n) == (len(after), len(everything))
        assert each.after.mean == pytest.approx(after.mean())
        assert each.after.median == pytest.approx(after.median())
        assert each.after.hit_rate == pytest.approx(after.gt(0).mean())
        assert each.after.low == pytest.approx(after.quantile(0.1))
        assert each.after.high == pytest.approx(after.quantile(0.9))
        assert each.all_days.mean == pytest.approx(everything.mean())
        assert each.all_days.upper_quarter == pytest.approx(everything.quantile(0.75))


def test_what_was_known_then_does_not_change():
    """A study of a past session: what came later, moved or missing, gives the same."""
    days = make.sessions(1200)
    ratio, closes = make.persistent(1200, 6), walk(1200, 6)
    until = days[900]
    signal = at_extreme(Series.of("IWM", "m", days, ratio))
    one = study(signal, Series.of("IWM", "close", days, closes), until=until).to_dict()
    ratio[901:], closes[901:] = ratio[901:][::-1], closes[901:] * 3
    other = at_extreme(Series.of("IWM", "m", days, ratio))
    assert study(other, Series.of("IWM", "close", days, closes), until=until).to_dict() == one
    short = at_extreme(Series.of("IWM", "m", days[:901], ratio[:901]))
    assert study(short, Series.of("IWM", "close", days[:901], closes[:901])).to_dict() == one


def test_a_seed_gives_the_same_interval_whatever_is_asked_with_it():
    days = make.sessions(1500)
    signal, closes = (
        at_extreme(Series.of("IWM", "m", days, make.persistent(1500, 7))),
        Series.of("IWM", "close", days, walk(1500, 7)),
    )
    one, two = study(signal, closes, seed=3), study(signal, closes, seed=3, horizons=(21,))
    assert one.horizons[1] == two.horizons[0]
    assert study(signal, closes, seed=4).horizons[1].mean_low != one.horizons[1].mean_low


def test_runs_of_days():
    moves = np.where(np.arange(600) % 60 < 5, 0.012, -0.0005)
    days = make.sessions(601)
    closes = Series.of("IWM", "close", days, 100 * np.cumprod([1, *(1 + moves)]))
    signal = in_a_row(closes, 5, 0.01)
    found = study(signal, closes, horizons=(5,))
    assert found.starts.size == 10
    assert found.horizons[0].after.mean == pytest.approx(0.9995**5 - 1)
    assert found.horizons[0].verdict is Verdict.LOWER
    assert "5 gains in a row" in found.what


def test_an_effect_that_is_there_is_found():
    days = make.sessions(3000)
    starts = np.arange(60, 2900, 70)
    lift = np.zeros(3000)
    for start in starts:
        lift[start + 1 : start + 22] += 0.10 / 21  # ten per cent in the month after each
    moves = np.random.default_rng(5).normal(0.0, 0.01, 3000) + lift
    closes = Series.of("IWM", "close", days, 100 * np.exp(np.cumsum(moves)))
    month = study(on(days, starts), closes, reopen=0).horizons[1]
    assert month.verdict is Verdict.HIGHER
    assert month.detectable < 0.1
    assert month.excess_low < month.excess < month.excess_high


def test_chance_is_believed_one_time_in_twenty():
    """Returns that know nothing of the signal: HIGHER or LOWER in 5 of 100, give or take three standard errors."""
    believed = asked = 0
    days = make.sessions(1260)
    for seed in range(100):
        signal = at_extreme(Series.of("IWM", "m", days, make.persistent(1260, seed)))
        month = study(signal, Series.of("IWM", "close", days, walk(1260, 1000 + seed)), horizons=(21,), repeats=500)
        verdict = month.horizons[0].verdict
        asked += verdict is not Verdict.TOO_FEW
        believed += verdict in {Verdict.HIGHER, Verdict.LOWER}
    assert asked > 30
    assert believed <= 0.05 * asked + 3 * (0.05 * 0.95 * asked) ** 0.5


def test_two_episodes_at_the_edge_of_a_long_history_have_no_interval():
    """Most resampled histories hold neither of them: nothing is said of how sure their mean is."""
    days = make.sessions(4000)
    found = study(on(days, [2000, 2010]), Series.of("IWM", "close", days, walk(4000, 3)), reopen=0, horizons=(5,))
    assert found.horizons[0].after.n == 2
    assert found.horizons[0].excess_low is None


def test_forward_returns_by_hand():
    closes = Series.of("IWM", "close", make.sessions(4), [100, 110, np.nan, 121.0])
    assert forward_returns(closes, 1)[0] == pytest.approx(0.1)
    assert np.isnan(forward_returns(closes, 1)[1:]).all()
    assert forward_returns(closes, 2)[1] == pytest.approx(0.1)
    assert np.isnan(forward_returns(closes, 9)).all()


def test_blocks_as_long_as_the_history_give_the_sample_itself():
    after = np.random.default_rng(1).normal(size=200)
    after[::17] = np.nan
    chosen = np.arange(200) % 20 == 3
    draws = draw(after, chosen, block=200, repeats=50, generator=np.random.default_rng(2))
    there = np.isfinite(after)
    assert draws.mean == pytest.approx(np.full(50, after[chosen & there].mean()))
    assert draws.excess == pytest.approx(np.full(50, after[chosen & there].mean() - after[there].mean()))


def test_blocks_of_one_day_scatter_as_independent_days_do():
    """The standard error of a mean of n independent days is s / sqrt(n)."""
    after = np.random.default_rng(1).normal(size=900)
    draws = draw(after, np.ones(900, bool), block=1, repeats=2000, generator=np.random.default_rng(2))
    assert draws.mean.std() == pytest.approx(after.std() / 900**0.5, rel=0.06)


def test_episodes_of_a_study_are_those_of_the_signal():
    days = make.sessions(900)
    signal = at_extreme(Series.of("IWM", "m", days, make.persistent(900, 8)))
    found = study(signal, Series.of("IWM", "close", days, walk(900, 8)), hold=2)
    assert (found.starts == days[episodes(signal, hold=2).start]).all()
