"""The recorded vendors' series through the command line; truth by pandas from the same files, their own days for a
calendar."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from monitor.cli import main

pytestmark = pytest.mark.realdata
DEALER = "multiyear/spx_dealer_1m_90_110_2020_2023.csv"
RATIO = "skew_ratio_30d_90_110"


@pytest.fixture(scope="module")
def data(realdata, tmp_path_factory):
    """A data folder into which everything has been imported, some of it twice."""
    folder = tmp_path_factory.mktemp("real")

    def load(kind, file, *options):
        assert main(["import", kind, str(realdata / file), *options, "--data-dir", str(folder)]) == 0

    for symbol in ("IWM", "SPY", "SPX"):
        load("prices", f"prices/{symbol}.csv", "--symbol", symbol)
    load("prices", "prices/IWM.csv", "--symbol", "IWM")
    load("index", "indices/RVX_History.csv", "--name", "RVX")
    load("index", "indices/VIX_History_cboe.csv", "--name", "VIX")
    load("index", "indices/cboe_vol_indices.csv", "--name", "VIX")
    of = ("--symbol", "SPX", "--source", "dealer", "--method", "dealer-forward")
    load("measure", DEALER, *of, "--name", RATIO, "--column", "ratio_90_110")
    load("measure", DEALER, *of, "--name", "atm_vol_30d", "--column", "iv100")
    return folder


@pytest.fixture
def ask(capsys, data):
    """Run a command on that folder and read its JSON."""

    def ask(*arguments):
        capsys.readouterr()
        assert main([*(str(each) for each in arguments), "--json", "--data-dir", str(data)]) == 0
        return json.loads(capsys.readouterr().out, parse_constant=pytest.fail)

    return ask


def table(realdata, file):
    found = pd.read_csv(realdata / file)
    found.columns = [name.lower() for name in found.columns]
    return found.assign(date=pd.to_datetime(found["date"])).set_index("date")


def test_every_row_that_is_a_session_is_there(ask, realdata):
    for symbol, first in (("IWM", 6598), ("SPX", 2552)):
        closes = table(realdata, f"prices/{symbol}.csv")["close"]
        found = ask("history", symbol, "--measure", "close")["points"]
        assert len(found) == len(closes) == first
        assert [each["value"] for each in found] == closes.tolist()
    spy = table(realdata, "prices/SPY.csv")
    assert len(ask("history", "SPY", "--measure", "close")["points"]) == len(spy), "every session since 1993"
    vix = table(realdata, "indices/VIX_History_cboe.csv")["close"]
    found = {each["date"]: each["value"] for each in ask("history", "VIX", "--measure", "close")["points"]}
    closed = [day for day in vix.index if str(day.date()) not in found]
    assert len(closed) == 33
    assert not set(closed) & set(spy.index), "days without a session of the stock market"


def test_the_ten_highest_days_of_the_dealers_series(ask, realdata):
    value = table(realdata, DEALER)["ratio_90_110"]
    sessions = table(realdata, "prices/SPX.csv").index
    top = value.sort_values(ascending=False, kind="stable").head(10)
    told = ask("history", "SPX", "--highest", 10)["extremes"]["high"]
    assert [(each["date"], each["value"]) for each in told] == [(str(day.date()), x) for day, x in top.items()]
    for each, (day, x) in zip(told, top.items(), strict=True):
        before = value[value.index < day]
        reached = before[before >= x]
        since = reached.index[-1] if len(reached) else value.index[0]
        between = sessions[(sessions > since) & (sessions < day)]
        seen = before.index.intersection(between)
        if not len(reached):  # the first session of the record has a value too, and it is lower
            between, seen = between.append(pd.DatetimeIndex([since])), seen.append(pd.DatetimeIndex([since]))
        assert each["on_record"] is (not len(reached))
        assert each["since"] == str(since.date())
        assert each["sessions"] == len(sessions[(sessions > since) & (sessions <= day)])
        assert each["coverage"] == pytest.approx(len(seen) / len(between) if len(between) else 1.0)


def test_the_standing_of_the_last_day(ask, realdata):
    value = table(realdata, DEALER)["ratio_90_110"]
    sessions = table(realdata, "prices/SPX.csv").index
    before = value.reindex(sessions[sessions < value.index[-1]][-252:]).dropna()
    own = ask("history", "SPX")["standing"]
    assert own["n"] == len(before)
    assert own["percentile"] == pytest.approx(100 * (before < value.iloc[-1]).mean(), abs=1e-9)
    mad = (before - before.median()).abs().median()
    assert own["z"] == pytest.approx((value.iloc[-1] - before.median()) / (1.4826 * mad))


def test_what_followed_is_what_the_prices_say(ask, realdata):
    closes = table(realdata, "prices/SPX.csv")["close"]
    found = ask("study", "SPX")
    ahead = {horizon: closes.shift(-horizon) / closes - 1 for horizon in (5, 21, 63)}
    days = pd.DatetimeIndex(found["episodes"])
    assert 5 <= len(days) <= 15  # METHOD and ALERTS: 2.1 to 2.7 high episodes a year
    for each in found["horizons"]:
        assert each["after"]["mean"] == pytest.approx(ahead[each["horizon"]][days].mean())
    assert found["horizons"][1]["verdict"] == "too_few"
    assert found["horizons"][1]["detectable"] > 0.03
    assert "too few to tell" in found["sentence"]


def test_the_context_of_a_day(ask, realdata):
    prices = table(realdata, "prices/IWM.csv")
    content = ask("history", "IWM", "--measure", "close")["context"]
    last = prices.index[-1]
    year = prices[prices.index > last - pd.Timedelta(days=364)]
    assert content["prices"]["peak"]["price"] == year["high"].max()
    assert content["prices"]["peak"]["on"] == str(year["high"].idxmax().date())
    for size in (50, 100, 200):
        average = prices["close"].rolling(size).mean().iloc[-1]
        assert content["prices"]["averages"][str(size)]["price"] == pytest.approx(average)
    assert content["prices"]["week"] == pytest.approx(prices["close"].iloc[-1] / prices["close"].iloc[-6] - 1)
    spy = table(realdata, "prices/SPY.csv")["close"]
    month = prices["close"].iloc[-1] / prices["close"].iloc[-22] - spy.iloc[-1] / spy.iloc[-22]
    assert content["against"]["returns"]["21"] == pytest.approx(month)


def test_a_recorded_chain_beside_them(ask, realdata):
    """15:54 New York on 2026-07-02: VIX of the evening before, the price of the quotes, no close of later."""
    path = max((realdata / "cboe" / "IWM").glob("20260702T20*.json.gz"))
    content = ask("snapshot", "--source", f"recorded:{path}")
    vix = table(realdata, "indices/VIX_History_cboe.csv")["close"]
    assert content["context"]["beside"]["VIX"]["session"] == "2026-07-01"
    assert content["context"]["beside"]["VIX"]["value"] == vix["2026-07-01"]
    assert content["context"]["prices"]["price"] == content["spot_sync"]
    assert content["context"]["beside"]["RVX"]["age"] > 200, "the file ends in June 2025"
    assert content["standing"][RATIO]["reason"] == "no_history"
