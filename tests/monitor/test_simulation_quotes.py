"""Simulated quotes: each layer of noise alone, the feed's shape, and the whole path through the real parser."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from monitor.errors import ConfigError
from monitor.simulation.listing import Breadth
from monitor.simulation.market import Market
from monitor.simulation.quotes import Noise
from monitor.simulation.record import TRUTH, record
from monitor.simulation.states import Dynamics
from monitor.sources import cboe, open_source, reader
from monitor.sources.payload import Payload
from monitor.sources.recorded import Recorded
from monitor.sources.simulated import Simulated, market
from pricing.calendar import is_session
from pricing.chain import Style
from pricing.dividends import Dividend, Schedule
from pricing.reasons import Flag
from pricing.take import take

START = date(2025, 1, 2)
NOON = datetime(2026, 2, 11, 17, 0, tzinfo=UTC)  # 12:00 New York
SMALL = Market(seed=3, start=START, spot=290.0, breadth=Breadth.SMALL)
NONE = Noise.none()
ROW = (
    *("option", "bid", "bid_size", "ask", "ask_size", "iv", "open_interest", "volume"),
    *("delta", "gamma", "vega", "theta", "rho", "theo", "change", "open", "high", "low", "tick"),
    *("last_trade_price", "last_trade_time", "percent_change", "prev_day_close"),
)
SLOW = ("pandas", "scipy.stats", "scipy.optimize", "scipy.interpolate", "matplotlib")


def quoted(noise: Noise, instant: datetime = NOON):
    chain = replace(SMALL, noise=noise).chain_at(instant)
    return chain.board.fair, chain.quotes


def payload(chain, *, fetched_after: timedelta = timedelta(0)) -> Payload:
    at = chain.generated + fetched_after
    return Payload(body=chain.body, source="simulated", symbol=chain.symbol, fetched_at=at)


# layers


def test_without_noise_the_mid_is_fair():
    fair, quotes = quoted(NONE)
    assert ((quotes.bid + quotes.ask) / 2 - fair)[fair > 1e-5] == pytest.approx(0.0, abs=1e-9)
    assert (quotes.bid < quotes.ask).all()


def test_spreads_alone_are_centred_and_a_lean_moves_the_mid_but_not_on_average():
    fair, centred = quoted(replace(NONE, spread=1.0))
    good = fair > 0.2
    spread = (centred.ask - centred.bid)[good]
    assert ((centred.bid + centred.ask) / 2 - fair)[good] == pytest.approx(0.0, abs=1e-9)
    _, wide = quoted(replace(NONE, spread=3.0))
    assert (wide.ask - wide.bid)[good] == pytest.approx(3 * spread)
    _, leaning = quoted(replace(NONE, spread=1.0, lean=0.15))
    off = (((leaning.bid + leaning.ask) / 2 - fair) / (leaning.ask - leaning.bid))[good]
    assert off.std() == pytest.approx(0.15, rel=0.5)
    assert abs(off.mean()) < 0.1
    assert ((leaning.bid <= fair) & (fair <= leaning.ask))[good].all()


def test_ticks_alone_put_bids_down_and_asks_up_to_the_cent():
    fair, quotes = quoted(replace(NONE, ticks=True))
    for price in (quotes.bid, quotes.ask):
        assert price * 100 == pytest.approx(np.rint(price * 100), abs=1e-9)
    worth = fair >= 0.01
    assert ((quotes.bid <= fair + 1e-9) & (fair <= quotes.ask + 1e-9))[worth].all()
    assert (quotes.ask - quotes.bid)[worth].max() <= 0.02 + 1e-9
    assert (quotes.bid >= 0.01).all()  # without the layer of zero bids somebody always bids


def test_stale_quotes_are_those_of_an_earlier_spot():
    fair, late = quoted(replace(NONE, stale=1.0, stale_minutes=60))
    earlier, _ = quoted(NONE, NOON - timedelta(minutes=60))
    moved = (late.bid + late.ask) / 2 - fair
    good = (fair > 0.5) & (earlier > 0.5)
    assert np.corrcoef(moved[good], (earlier - fair)[good])[0, 1] > 0.95
    some, _ = quoted(replace(NONE, stale=0.1)), None
    share = np.mean(np.abs((some[1].bid + some[1].ask) / 2 - fair)[good] > 1e-6)
    assert 0.03 < share < 0.2


def test_zero_bids_stand_in_the_wings_and_the_offer_stays():
    fair, quotes = quoted(Noise())
    nobody = quotes.bid == 0
    assert nobody[fair < 0.005].all()
    assert nobody[fair > 0.05].mean() < 0.01
    assert (quotes.ask[nobody] > 0).mean() > 0.98
    assert ((quotes.bid_size > 0) == (quotes.bid > 0)).all()


@pytest.mark.parametrize("level", [0.10, 0.21, 0.60])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_market_is_never_locked_or_crossed(level, seed):
    quotes = replace(SMALL, seed=seed, dynamics=Dynamics.still(level)).chain_at(NOON).quotes
    traded = quotes.ask > 0
    assert (quotes.bid[traded] < quotes.ask[traded]).all()
    assert (quotes.bid[~traded] == 0).all()
    assert (quotes.bid >= 0).all()


def test_the_spread_of_a_month_is_that_of_the_recorded_chains():
    """Recorded chains in session, 20 to 45 days: median spread 0.04 at a price of 1 to 2 dollars, 0.06 at 2 to 4."""
    chain = replace(SMALL, dynamics=Dynamics.still(0.21)).chain_at(NOON)
    spread, fair = chain.quotes.ask - chain.quotes.bid, chain.board.fair
    days = np.array([(expiry.day - NOON.date()).days for expiry in chain.expiries])[chain.board.expiry]
    month = (days >= 20) & (days < 45) & (np.abs(chain.board.strike / chain.truth.spot - 1) < 0.15)
    out = month & np.where(
        chain.board.is_call, chain.board.strike > chain.truth.spot, chain.board.strike < chain.truth.spot
    )
    assert 0.03 <= np.median(spread[out & (fair > 1) & (fair < 2)]) <= 0.06
    assert 0.04 <= np.median(spread[out & (fair > 2) & (fair < 4)]) <= 0.08


@pytest.mark.parametrize("wrong", [{"spread": -1.0}, {"stale": 1.1}, {"lean": np.nan}])
def test_noise_that_means_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="0 or more"):
        Noise(**wrong)


# the feed's shape


def test_rows_have_the_feeds_keys_in_its_order():
    answer = json.loads(SMALL.chain_at(NOON).body)
    assert set(answer) == {"timestamp", "data", "symbol"}
    assert answer["timestamp"] == "2026-02-11 17:15:00"  # naive UTC, a quarter of an hour after the quotes
    assert {"symbol", "security_type", "current_price", "options"} <= set(answer["data"])
    for row in answer["data"]["options"]:
        assert tuple(row) == ROW
    kinds = {key: {type(row[key]) for row in answer["data"]["options"]} for key in ROW}
    assert {key for key, kind in kinds.items() if kind == {str}} == {"option", "tick"}
    assert kinds["last_trade_time"] <= {str, type(None)}
    assert all(kind == {float} for key, kind in kinds.items() if key not in {"option", "tick", "last_trade_time"})
    traded = [row["last_trade_time"] for row in answer["data"]["options"] if row["volume"]]
    assert all("2026-02-11T09:30:00" <= time <= "2026-02-11T12:00:00" for time in traded)  # New York's clock


INSTANTS = {
    "in session": (datetime(2026, 2, 11, 17, 0, 7, tzinfo=UTC),) * 2,
    "after the close": (datetime(2026, 2, 11, 23, 0, tzinfo=UTC), datetime(2026, 2, 11, 21, 15, tzinfo=UTC)),
    "before the open": (datetime(2026, 2, 11, 14, 0, tzinfo=UTC), datetime(2026, 2, 10, 21, 15, tzinfo=UTC)),
    "weekend": (datetime(2026, 2, 15, 17, 0, tzinfo=UTC), datetime(2026, 2, 13, 21, 15, tzinfo=UTC)),
    "holiday": (datetime(2026, 6, 19, 17, 0, tzinfo=UTC), datetime(2026, 6, 18, 20, 15, tzinfo=UTC)),
    "half day": (datetime(2025, 11, 28, 20, 0, tzinfo=UTC), datetime(2025, 11, 28, 18, 15, tzinfo=UTC)),
    "last minute": (datetime(2026, 2, 11, 20, 59, 30, tzinfo=UTC),) * 2,
}


@pytest.mark.parametrize(("asked", "quotes_of"), INSTANTS.values(), ids=INSTANTS)
def test_the_real_parser_reads_every_row(asked, quotes_of):
    full = replace(SMALL, breadth=Breadth.FULL)
    made = full.chain_at(asked)
    chain = cboe.parse(payload(made, fetched_after=timedelta(seconds=40)))
    assert not chain.refused
    assert len(chain) == made.board.strike.size
    assert chain.as_of == made.as_of == made.truth.as_of == quotes_of
    assert (Flag.MARKET_CLOSED in chain.flags) == (asked != quotes_of)
    assert chain.spot == pytest.approx(made.truth.spot, rel=0.006)
    assert {expiry.day for expiry in chain.expiries} == {expiry.day for expiry in made.expiries}
    assert all(is_session(expiry.day) for expiry in chain.expiries)


def test_after_the_close_quotes_stand_still_and_the_feeds_spot_moves_on():
    close = datetime(2026, 2, 11, 21, 15, tzinfo=UTC)
    one, other = (SMALL.chain_at(close + timedelta(hours=h)) for h in (1, 2))
    first, second = (json.loads(chain.body)["data"] for chain in (one, other))
    assert first["options"] == second["options"]
    assert first["current_price"] != second["current_price"]


def test_volume_rises_through_a_day_and_open_interest_does_not_move():
    chains = [cboe.parse(payload(SMALL.chain_at(NOON + timedelta(hours=h)))) for h in (-2, 0, 2, 4)]
    volumes = np.array([chain.volume for chain in chains])
    assert (np.diff(volumes, axis=0) >= 0).all()
    assert (volumes[-1] > volumes[0]).any()
    assert all((chain.open_interest == chains[0].open_interest).all() for chain in chains)


def test_an_index_is_european_and_its_monthlies_settle_on_the_open():
    made = replace(SMALL, symbol="^RUT", spot=2400.0).chain_at(NOON)
    chain = cboe.parse(Payload(body=made.body, source="simulated", symbol="^RUT", fetched_at=made.generated))
    assert not chain.refused
    assert chain.style is Style.EUROPEAN
    third_fridays = {expiry for expiry in chain.expiries if expiry.am_settled}
    assert {expiry.root for expiry in third_fridays} == {"RUT"}
    assert all(expiry.day.weekday() == 4 and 15 <= expiry.day.day <= 21 for expiry in third_fridays)


# through the whole path


STEEP = Dynamics.still(0.25, rho=-0.7, eta=1.0)
MID_MARCH = Schedule((Dividend(date(2026, 3, 3), 0.7),), continuous=0.0)


@pytest.mark.parametrize(
    ("dynamics", "schedule", "near"),
    [
        (Dynamics.still(0.25), None, 1e-3),
        (Dynamics.still(0.60), None, 1e-3),
        (Dynamics.still(0.25), MID_MARCH, 1e-3),
        (STEEP, None, 3e-3),  # bent more than a local quadratic is
    ],
    ids=["usual", "stressed", "dividend", "steep"],
)
def test_without_noise_the_path_finds_the_truth(dynamics, schedule, near):
    """Quotes to measures on fair prices: what is left is the method's own error."""
    quiet = replace(SMALL, breadth=Breadth.FULL, noise=NONE, dynamics=dynamics, schedule=schedule)
    made = quiet.chain_at(NOON)
    snapshot = take(cboe.parse(payload(made)), quiet.curve, quiet.dividends(NOON.date()))
    true = made.truth.measures(tuple(report.expiry for report in snapshot.expiries if report.used))
    assert snapshot.spot_sync == pytest.approx(made.truth.spot, abs=0.005)
    for name in ("skew_ratio_30d_90_110", "skew_ratio_30d_95_105", "atm_vol_30d", "price_ratio_30d_90_110"):
        rel = 6 * near if name.startswith("price") else near  # a price moves by several times its volatility
        assert snapshot.measures[name].value == pytest.approx(true[name], rel=rel), name


def test_with_noise_the_envelope_holds_the_truth_and_the_ratio_is_near():
    errors = []
    for seed in range(6):
        made = replace(SMALL, seed=seed, dynamics=Dynamics.still(0.25)).chain_at(NOON)
        snapshot = take(cboe.parse(payload(made)), SMALL.curve, replace(SMALL, seed=seed).dividends(NOON.date()))
        ratio = snapshot.measures["skew_ratio_30d_90_110"]
        true = made.truth.ratio(tuple(report.expiry for report in snapshot.expiries if report.used))
        assert ratio.low <= true <= ratio.high
        errors.append(ratio.value / true - 1)
    assert np.abs(errors).max() < 0.01


# the source


def test_the_source_gives_the_same_bytes_every_time_and_another_seed_others():
    one, same, other = Simulated().fetch("IWM"), Simulated().fetch("iwm"), Simulated("7").fetch("IWM")
    assert one.sha256 == same.sha256 != other.sha256
    chain = Simulated().parse(one)
    assert (chain.symbol, chain.source) == ("IWM", "simulated")
    assert not chain.refused
    assert reader("simulated").describe(one.body).symbol == "IWM"
    assert type(open_source("simulated")) is Simulated


@pytest.mark.parametrize("symbol", ["SPY", "QQQ", "XYZ", "BRK.B", "^RUT", "F"])
def test_any_symbol_has_a_market(symbol):
    source = Simulated()
    chain = source.parse(source.fetch(symbol))
    assert not chain.refused
    assert len(chain) > 600
    assert market(symbol).truth_at(chain.as_of).spot > 0


@pytest.mark.parametrize("seed", ["x", "-1", "1.5", -1])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ConfigError, match="whole number"):
        Simulated(seed)


def test_what_is_no_symbol_is_refused():
    with pytest.raises(ConfigError):
        Simulated().fetch("not a symbol")


def test_recorded_reads_what_record_wrote(tmp_path):
    instants = SMALL.closes(date(2026, 2, 9), date(2026, 2, 13))
    assert record(SMALL, instants, tmp_path) == len(instants) == 5
    payloads = list(Recorded(tmp_path).payloads("IWM"))
    truths = [json.loads(line) for line in (tmp_path / TRUTH).read_text().splitlines()]
    assert [one.fetched_at for one in payloads] == [instant + timedelta(minutes=15) for instant in instants]
    for one, truth, instant in zip(payloads, truths, instants, strict=True):
        assert datetime.fromisoformat(truth["as_of"]) == reader(one.source).parse(one).as_of == instant
        assert truth["measures"]["skew_ratio_30d_90_110"] == pytest.approx(SMALL.truth_at(instant).ratio())
    again = tmp_path / "again"
    record(SMALL, instants[:1], again)
    name = f"{payloads[0].fetched_at:%Y%m%dT%H%M%SZ}.json.gz"
    assert (again / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_snapshot_of_it_imports_nothing_slow():
    code = f"""
import sys
from monitor.sources.simulated import Simulated
source = Simulated()
source.parse(source.fetch("IWM"))
print([name for name in {SLOW} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.strip() == "[]"
