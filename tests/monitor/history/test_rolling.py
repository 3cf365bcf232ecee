"""Every session at once is every session by itself."""

from time import process_time

import numpy as np
import pytest

from monitor.history.rolling import rolling
from monitor.history.series import Series
from monitor.history.settings import Settings
from monitor.history.standing import standing
from tests.monitor.history import make


def number(value):
    return np.nan if value is None else value


@pytest.mark.parametrize(("size", "seed", "window"), [(40, 1, 25), (420, 2, 252), (300, 3, 300)])
def test_each_session_as_its_own_standing(size, seed, window):
    series = make.rough(size, seed)
    atm = Series.of("IWM", "atm_vol_30d", series.sessions[::2], 0.2 / make.persistent(size, seed + 1)[::2])
    bar = Settings(minimum=10, windows=(window,))
    through = rolling(series, bar, atm=atm)
    vols = atm.on(series.sessions)
    for at in range(0, size, 3):
        point = (
            None if np.isnan(column[at]) else float(column[at]) for column in (series.value, series.low, series.high)
        )
        one = standing(series, *point, series.sessions[at], bar, atm=atm, atm_vol=float(vols[at]))
        place = one.place
        assert through.n[at] == place.n
        for name, expected in (
            ("percentile", place.percentile),
            ("percentile_low", place.percentile_low),
            ("percentile_high", place.percentile_high),
            ("z", place.z),
            ("regime", one.regime.percentile),
        ):
            assert getattr(through, name)[at] == pytest.approx(number(expected), nan_ok=True), name
        for found, expected in ((through.highest, one.highest), (through.lowest, one.lowest)):
            if np.isfinite(through.value[at]) and expected is not None:
                assert found.sessions[at] == expected.sessions
                assert found.coverage[at] == pytest.approx(expected.coverage)
            else:
                assert found.sessions[at] == 0


def test_without_volatility_there_is_no_regime():
    assert np.isnan(rolling(make.rough(200, 1)).regime).all()


def test_an_empty_series_has_no_standings():
    assert rolling(Series.of("IWM", "m", np.empty(0, "datetime64[D]"), [])).n.size == 0


def test_eighteen_years_are_quick():
    """Half a second is the promise; twice that leaves room for a busy machine."""
    days = make.sessions(4500)
    series = Series.of("IWM", "skew_ratio_30d_90_110", days, make.persistent(4500, 1))
    began = process_time()
    rolling(series, atm=Series.of("IWM", "atm_vol_30d", days, 0.3 / series.value))
    assert process_time() - began < 1.0
