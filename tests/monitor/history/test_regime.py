"""Truth: `numpy.polyfit` and pandas' ranks; a past built on a line."""

import numpy as np
import pandas as pd
import pytest

from monitor.history.regime import against_vol
from monitor.history.series import Series
from monitor.history.standing import standing
from tests.monitor.history import make


def test_on_an_exact_line_every_residual_is_none_and_a_point_off_it_is_extreme():
    vol = np.linspace(0.12, 0.6, 50)
    past = 2.0 - 0.5 * np.log(vol)
    above = against_vol(past, vol, np.array(2.1 - 0.5 * np.log(0.3)), np.array(0.3))
    assert float(above.slope) == pytest.approx(-0.5)
    assert float(above.residual) == pytest.approx(0.1)
    assert float(above.percentile) == 100.0


@pytest.mark.parametrize("seed", range(5))
def test_against_polyfit(seed):
    rng = np.random.default_rng(seed)
    vol, past = rng.uniform(0.1, 0.6, 200), rng.normal(1.5, 0.2, 200)
    vol[rng.random(200) < 0.1] = np.nan
    past[rng.random(200) < 0.1] = np.nan
    x, v = 1.7, 0.25
    frame = pd.DataFrame({"x": np.log(vol), "y": past}).dropna()
    slope, constant = np.polyfit(frame.x, frame.y, 1)
    residuals = frame.y - constant - slope * frame.x
    own = x - constant - slope * np.log(v)
    found = against_vol(past, vol, np.array(x), np.array(v))
    assert int(found.n) == len(frame)
    assert float(found.slope) == pytest.approx(slope)
    assert float(found.residual) == pytest.approx(own)
    assert float(found.percentile) == pytest.approx(100 * (residuals < own).mean())


def test_one_level_of_volatility_cannot_be_taken_out():
    found = against_vol(np.array([1.0, 2.0, 3.0]), np.full(3, 0.2), np.array(2.5), np.array(0.2))
    assert np.isnan(found.slope)
    assert np.isnan(found.percentile)
    nothing = against_vol(np.full(3, np.nan), np.full(3, 0.2), np.array(2.5), np.array(0.2))
    assert int(nothing.n) == 0


def test_it_balances_what_the_level_of_volatility_tilts():
    """A ratio that falls with volatility is always low in a storm; with the level taken out it is not."""
    days = make.sessions(400)
    rng = np.random.default_rng(1)
    vol = 0.2 * np.exp(0.3 * np.sin(np.arange(400) / 60))
    ratio = Series.of("IWM", "skew_ratio_30d_90_110", days, 1.0 - 0.4 * np.log(vol) + rng.normal(0, 0.01, 400))
    found = standing(
        ratio, 1.0 - 0.4 * np.log(0.35), None, None, make.sessions(401)[-1],
        atm=Series.of("IWM", "atm_vol_30d", days, vol), atm_vol=0.35,
    )  # fmt: skip
    assert found.percentile == 0.0
    assert 20 < found.regime.percentile < 80


def test_too_few_pairs_give_none():
    days = make.sessions(300)
    ratio = Series.of("IWM", "m", days, make.persistent(300, 1))
    atm = Series.of("IWM", "atm_vol_30d", days[-100:], 0.2 / make.persistent(100, 2))
    found = standing(ratio, 1.5, None, None, make.sessions(301)[-1], atm=atm, atm_vol=0.2)
    assert found.percentile is not None
    assert (found.regime.n, found.regime.percentile) == (100, None)
