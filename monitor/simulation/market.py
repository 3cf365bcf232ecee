"""A simulated market: ask it for any instant, get a chain in Cboe's shape and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from hashlib import sha256

import numpy as np

from monitor.simulation.business_time import business_years
from monitor.simulation.fair import Board, Terms, fair_prices
from monitor.simulation.interest import activity
from monitor.simulation.listing import Breadth, Kind, Listed, ladder, listed
from monitor.simulation.payload import FEED_DELAY, Underlier, write
from monitor.simulation.quotes import CLOSING, Noise, Quotes, quote
from monitor.simulation.states import Dynamics, Path, State, generator
from monitor.simulation.surface import Smile, black
from monitor.simulation.truth import Term, Truth
from monitor.underlyings import Underlying, underlying
from pricing.american import Dividends
from pricing.arrays import Floats
from pricing.calendar import is_session, next_session, settlement, third_friday
from pricing.chain import Expiry, Style
from pricing.curve import Curve
from pricing.dividends import Dividend, Schedule
from pricing.time import Session, last_session, session, years_between

__all__ = ["Market", "SimulatedChain"]

RATES = Curve((1 / 12, 0.25, 0.5, 1.0, 2.0), (0.0368, 0.0372, 0.0379, 0.0383, 0.0386))
START = date(2024, 1, 2)
DAYS = 365
QUARTER_ENDS = (3, 6, 9, 12)
BEFORE_THIRD_FRIDAY = timedelta(3)  # a quarter's ex-date is the Tuesday of its expiry's week
UNEVEN = 0.15  # of a quarter's dividend about the usual one
PAST_YEARS, COMING_YEARS = 5, 4  # of dividends in a schedule: longer than the longest option
LOOK_BACK = timedelta(90)  # strikes that spot left longer ago have been taken off
CALM_VOL = 0.21  # one-month volatility at which spreads are the usual ones
AFTER_HOURS = 10.0  # multiple of the feed's distance in spot once the session has ended
NO_VOL_SHARE = 0.05  # contracts for which the vendor shows no volatility
QUOTE_PURPOSE, DIVIDEND_PURPOSE, FEED_PURPOSE = 2, 5, 6  # of random numbers; 0, 1, 3 and 4 are used elsewhere


@dataclass(frozen=True, slots=True)
class SimulatedChain:
    """One chain and what is true of it.

    Attributes
    ----------
    symbol : str
    as_of, generated : datetime
        Of the quotes, and of the feed's file. UTC
    body : bytes
        What the feed would have sent.
    truth : Truth
    expiries : tuple of Expiry
    board : Board
        Contracts and fair prices, in the order of `body`.
    quotes : Quotes
    """

    symbol: str
    as_of: datetime
    generated: datetime
    body: bytes
    truth: Truth
    expiries: tuple[Expiry, ...]
    board: Board
    quotes: Quotes


@dataclass(frozen=True, slots=True)
class _Scene:
    """A market at one instant, before anybody quotes."""

    hours: Session
    as_of: datetime
    path: Path
    listing: tuple[Listed, ...]
    expiries: tuple[Expiry, ...]
    schedule: Schedule
    terms: Terms
    smile: Smile
    truth: Truth


@dataclass(frozen=True, kw_only=True)
class Market:
    """A market that is the same whenever and in whatever order it is looked at.

    Attributes
    ----------
    seed : int
        0 or more: another seed is another history.
    symbol : str
        Decides the style and the hours, and is part of the seed.
    start : date
        First session of the history; chains exist from the next one.
    spot : float
        On that first session. [$]
    dynamics : Dynamics
        Level of volatility, shape of the smile, and how both move.
    noise : Noise
        Layers between fair prices and quotes.
    breadth : Breadth
    curve : Curve
        True rates, the same through time.
    dividend_yield : float
        Paid out in four unequal quarters, 0 for none. [1/year]
    schedule : Schedule or None
        Dividends by date in place of those.
    style : Style or None
        In place of the symbol's own; a parser goes by the symbol.

    Notes
    -----
    F = (S - PV D) e^{r n/365}, r the curve's rate to the expiry and n the days between the settlements of a trade
    and of the expiry. Variance accrues in business time; every volatility is quoted in years by the clock.
    """

    seed: int = 1
    symbol: str = "IWM"
    start: date = START
    spot: float = 200.0
    dynamics: Dynamics = field(default_factory=Dynamics)
    noise: Noise = field(default_factory=Noise)
    breadth: Breadth = Breadth.FULL
    curve: Curve = RATES
    dividend_yield: float = 0.01
    schedule: Schedule | None = None
    style: Style | None = None

    @cached_property
    def underlying(self) -> Underlying:
        """Facts about the symbol."""
        return underlying(self.symbol)

    @cached_property
    def key(self) -> tuple[int, int]:
        """Begin the key of every random number: seed and symbol."""
        return self.seed, int.from_bytes(sha256(self.underlying.symbol.encode()).digest()[:8])

    def dividends(self, day: date) -> Schedule:
        """Return the dividends as a session sees them: paid, announced a quarter ahead, expected further on.

        All stand as known: there is no surprise in them but that expected ones follow the spot until announced.
        """
        if self.schedule is not None:
            return self.schedule
        if not self.dividend_yield:
            return Schedule(continuous=0.0)
        path = _history(self, self._years(day))
        years = range(max(self.start.year, day.year - PAST_YEARS), day.year + COMING_YEARS + 1)
        payouts = [_payout(self, year, month) for year in years for month in QUARTER_ENDS]
        return Schedule(tuple(Dividend(ex, path.amount(ex, share, before=day)) for ex, share in payouts))

    def _years(self, day: date) -> int:
        return max(day.year - self.start.year + 1, 1)

    def state_at(self, instant: datetime) -> State:
        """Return spot and the factors behind the smile at an instant; see `chain_at`."""
        day = last_session(instant, self.underlying.close).day
        return _history(self, self._years(day)).at(instant)

    def truth_at(self, instant: datetime) -> Truth:
        """Return what is true at an instant, without writing the chain; see `chain_at`."""
        return self._scene(instant).truth

    def chain_at(self, instant: datetime) -> SimulatedChain:
        """Return the chain whose quotes belong to an instant, the last close's where the market is closed.

        Parameters
        ----------
        instant : datetime
            To the second.

        Raises
        ------
        ValueError
            Before the first session after `start`, or for an instant without a zone.
        """
        scene = self._scene(instant)
        day, truth = scene.hours.day, scene.truth
        spots = [scene.path.closes_between(max(one.since, day - LOOK_BACK), day) for one in scene.listing]
        ladders = [ladder(one, day, each, self.breadth) for one, each in zip(scene.listing, spots, strict=True)]
        years, amounts = scene.schedule.years_and_amounts(scene.as_of, scene.expiries[-1].instant)
        board = fair_prices(
            ladders,
            scene.terms,
            scene.smile,
            truth.spot,
            Dividends(years, amounts, escrowed=True) if years else None,
            american=(self.style or self.underlying.style) is Style.AMERICAN,
        )
        vol = truth.month().at_forward() if truth.pair() else self.dynamics.level
        rng = generator(*self.key, QUOTE_PURPOSE, int(scene.as_of.timestamp()))
        quotes = self._quotes(scene, board, vol, rng)
        generated = max(instant.replace(microsecond=0), scene.as_of) + FEED_DELAY
        previous = float(spots[0][-1])
        length = scene.hours.close - scene.hours.open
        traded = activity(
            scene.listing,
            ladders,
            today=day,
            spot=previous,
            share=(scene.as_of - scene.hours.open) / length,
            key=self.key,
        )
        body = write(
            Underlier(self._feed_symbol, self.underlying.is_index, self._feed_spot(scene, generated), previous, vol),
            scene.expiries,
            board,
            scene.terms,
            quotes,
            traded,
            as_of=scene.as_of,
            opened=scene.hours.open,
            generated=generated,
            no_vol=rng.random(board.strike.size) < NO_VOL_SHARE,
            rng=rng,
        )
        return SimulatedChain(
            self.underlying.symbol, scene.as_of, generated, body, truth, scene.expiries, board, quotes
        )

    def _scene(self, instant: datetime) -> _Scene:
        if instant.tzinfo is None:
            raise ValueError(f"an instant needs a time zone, got {instant}")
        hours = last_session(instant, self.underlying.close)
        as_of = min(instant.astimezone(UTC).replace(microsecond=0), hours.close)
        path = _history(self, self._years(hours.day))
        state = path.at(as_of)
        smile = Smile(*state.shape(self.dynamics))
        named = [(one, self._expiry(one)) for one in listed(hours.day, self.breadth)]
        listing, expiries = zip(*(pair for pair in named if pair[1].instant > hours.open), strict=True)
        schedule = self.dividends(hours.day)
        terms = self._terms(expiries, state, hours.day, as_of, schedule)
        columns = (terms.years.tolist(), terms.forward.tolist(), terms.rate.tolist(), terms.theta.tolist())
        true = tuple(Term(*row, smile) for row in zip(expiries, *columns, strict=True) if row[1] > 0)
        return _Scene(hours, as_of, path, listing, expiries, schedule, terms, smile, Truth(as_of, state.spot, true))

    def _expiry(self, one: Listed) -> Expiry:
        """Name an expiry: of an index, monthlies have the root that settles on the open if there is one."""
        roots = self.underlying.roots
        wanted = one.kind is Kind.MONTHLY and any(roots.values())
        root = next((name for name, am in roots.items() if am is wanted), self.underlying.root)
        return Expiry(one.day, root, roots[root])

    def _terms(
        self, expiries: tuple[Expiry, ...], state: State, day: date, as_of: datetime, schedule: Schedule
    ) -> Terms:
        years = np.array([years_between(as_of, expiry.instant) for expiry in expiries])
        rate = self.curve.rate(years)
        when, amounts = schedule.years_and_amounts(as_of, expiries[-1].instant)
        before = np.array(when) <= years[:, None]
        paid = np.sum(before * np.array(amounts) * np.exp(-np.outer(rate, when)), axis=1)
        settled = settlement(day)
        carry = np.array([(settlement(expiry.day) - settled).days for expiry in expiries]) / DAYS
        growth = np.exp((rate - (schedule.continuous or 0.0)) * carry)
        business = business_years(as_of, [expiry.instant for expiry in expiries])
        return Terms(years, (state.spot - paid) * growth, rate, state.theta(self.dynamics, business), paid)

    def _quotes(self, scene: _Scene, board: Board, vol: float, rng: np.random.Generator) -> Quotes:
        spot, noise = scene.truth.spot, self.noise
        then = max(scene.as_of - timedelta(minutes=noise.stale_minutes), scene.hours.open)
        closing = scene.as_of == scene.hours.close
        return quote(
            board.fair,
            _earlier(board, scene.terms, scene.path.at(then).spot / spot) if noise.stale else board.fair,
            expiry=board.expiry,
            is_call=board.is_call,
            intrinsic=np.maximum(np.where(board.is_call, spot - board.strike, board.strike - spot), 0.0),
            days=scene.terms.years[board.expiry] * DAYS,
            spot=spot,
            nervous=max(vol / CALM_VOL, 1.0) ** 0.5 * (CLOSING if closing else 1.0),
            noise=noise,
            rng=rng,
        )

    @property
    def _feed_symbol(self) -> str:
        return f"^{self.underlying.symbol}" if self.underlying.is_index else self.underlying.symbol

    def _feed_spot(self, scene: _Scene, generated: datetime) -> float:
        """Draw the feed's own spot: near the quotes' in session, gone on without them after it. [$]"""
        spot, closed = scene.truth.spot, generated - FEED_DELAY > scene.hours.close
        if not self.noise.spot_bp:
            return spot
        distance = self.noise.spot_bp * 1e-4 * (AFTER_HOURS if closed else 1.0)
        drawn = generator(*self.key, FEED_PURPOSE, int(generated.timestamp())).standard_normal()
        return round(spot * float(np.exp(distance * drawn)), 2)

    def closes(self, first: date, last: date) -> tuple[datetime, ...]:
        """List the ends of the option sessions from one day to another, both included: instants for years of chains."""
        day, found = first if is_session(first) else next_session(first), []
        while day <= last:
            found.append(session(day, self.underlying.close).close)
            day = next_session(day)
        return tuple(found)


@lru_cache(maxsize=1024)
def _payout(market: Market, year: int, month: int) -> tuple[date, float]:
    """Ex-date of a quarter, and its dividend as a share of spot."""
    day = third_friday(year, month) - BEFORE_THIRD_FRIDAY
    uneven = UNEVEN * generator(*market.key, DIVIDEND_PURPOSE, year, month).uniform(-1, 1)
    return day if is_session(day) else next_session(day), market.dividend_yield / len(QUARTER_ENDS) * (1 + uneven)


@lru_cache(maxsize=32)
def _history(market: Market, years: int) -> Path:
    """Draw a market's first years; its later ones only add to them."""
    fixed = {paid.ex_date: paid.amount for paid in market.schedule.known} if market.schedule else {}
    quarters = [(year, month) for year in range(market.start.year, market.start.year + years) for month in QUARTER_ENDS]
    shares = dict(_payout(market, *quarter) for quarter in quarters) if market.schedule is None else {}
    return Path.draw(
        market.start,
        years,
        market.spot,
        market.dynamics,
        fixed,
        shares,
        market.key,
        market.underlying.close,
    )


def _earlier(board: Board, terms: Terms, ratio: float) -> Floats:
    """Worth at a spot of some minutes before: the European part moves, the premium stays. [$]"""
    forward, years = terms.forward[board.expiry], terms.years[board.expiry]
    alive = years > 0
    variance = np.where(alive, board.vol**2 * years, np.nan)
    now, then = (black(f, board.strike, variance, board.is_call) for f in (forward, ratio * forward))
    moved = np.where(alive, terms.discount[board.expiry] * (then - now), 0.0)
    return np.maximum(board.fair + moved, 0.0)
