"""American puts on a stock that pays cash: what exercise *before* its ex-dates adds.

Exercise pays the strike less the whole spot, so on the escrowed spot X the payoff is K - A(t) - X, with A the
present value of the dividends to come. Under the boundary the holder gains the interest on K less the yield on
X, exactly as without dividends; only the boundary changes. After the last ex-date it is the ordinary one
(`pricing.premium`). Before an ex-date there is none for a while, because waiting collects the drop; earlier
still, in a *window* of each dividend period, it solves the ordinary integral equation with K - A(t) for K.

An American put is thus a sum of cash-or-nothing puts of K less stock-or-nothing puts: one pair struck at K for
the expiry, one struck at the boundary for each instant in which it is exercised under it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from pricing.arrays import Floats, Ints
from pricing.boundary import expiry_limit, lagrange, quadrature
from pricing.cash import Payments, Stock
from pricing.normal import rough_cdf
from pricing.premium import ROOTS, boundaries

__all__ = ["Windows", "windows"]

NODES = 4  # collocation points of a window's boundary
POINTS = 6  # quadrature points over a window
NEWTON = 4
NEGLIGIBLE = 1e-5  # times sqrt(years), of the strike: windows that cannot be worth more are left out (0.003 vol points)
STALE = 0.01  # in ln(vol): a window's boundary is solved again where its vol has moved by more
FARTHEST = -4.0  # ln(B/K) under which a boundary is not followed
LONGEST_STEP = 0.25  # of Newton, in ln B
BLOCK = 256  # options solved at once: the working arrays stay in the cache

_SQRT_2PI = np.sqrt(2.0 * np.pi)
_ANGLE, _WEIGHT = quadrature(POINTS)
_SINE, _COSINE = np.sin(_ANGLE), np.cos(_ANGLE)
_NODE = np.sin(np.arange(1, NODES + 1) * (0.5 * np.pi / NODES))  # sqrt of the share of a window still ahead
_INSIDE = np.stack([lagrange(_NODE, _NODE * part).T for part in _COSINE])  # nodes to points between each and the end
_READ = lagrange(_NODE, _SINE).T  # nodes to quadrature points
_FEWER = lagrange(np.array(ROOTS), _SINE).T  # depths at the premium's points to ours


@dataclass(frozen=True, slots=True)
class _Digitals:
    """Pairs of digital puts on n options, arrays of shape (p, n); the pair at expiry is the first.

    `when` they pay [year], the `variance` of the log spot until then [1], their strike ln(B/K), and what they
    pay under it: `cash` of K, less `stock` of X.
    """

    when: Floats
    variance: Floats
    barrier: Floats
    cash: Floats
    stock: Floats

    def of(self, rows: Ints) -> _Digitals:
        """Pick the pairs on some of the options."""
        return _Digitals(*(column[:, rows] for column in self._columns))

    def beside(self, other: _Digitals, rows: Ints) -> _Digitals:
        """Join `other` on the options `rows`; the rest get pairs that pay nothing."""
        more, count = other.when.shape[0], self.when.shape[1]
        joined = []
        for mine, theirs, empty in zip(self._columns, other._columns, self._blank, strict=True):
            added = np.empty((more, count))
            added[:] = empty
            added[:, rows] = theirs
            joined.append(np.concatenate([mine, added]))
        return _Digitals(*joined)

    @property
    def _columns(self) -> tuple[Floats, ...]:
        return self.when, self.variance, self.barrier, self.cash, self.stock

    @property
    def _blank(self) -> tuple[Floats | float, ...]:
        return self.when[0], self.variance[0], FARTHEST, 0.0, 0.0


@dataclass(frozen=True, slots=True)
class _Window:
    """The time before an ex-date in which n puts can be exercised, arrays of shape (n,)."""

    start: Floats
    end: Floats
    before: Floats  # variance of the log spot until the start
    speed: Floats  # variance a year
    owed: Floats  # present value today of the dividends to come, over K
    rate: Floats
    dividend_yield: Floats

    def claims(self, log_b: Floats) -> _Digitals:
        """Digital puts that exercise under the boundary is worth."""
        length = self.end - self.start
        when = self.end - length * np.square(_SINE)[:, None]
        weight = length * _WEIGHT[:, None]
        return _Digitals(
            when,
            self.before + self.speed * (when - self.start),
            (log_b @ _READ).T,
            self.rate * weight,
            self.dividend_yield * weight,
        )

    def boundary(self, known: _Digitals, guess: Floats) -> Floats:
        """Solve for ln(B/K) at the nodes, shape (n, NODES), by Newton.

        With hold(B) = cash - B stock the sum of all digital puts, K - A - B = hold(B) gives
        B = (K - A - cash)/(1 - stock): the form "FP-B" of Andersen, Lake & Offengenden (2016).
        """
        # Axes: digitals, options, nodes; the digitals of this window itself come last.
        r, q = self.rate[:, None], self.dividend_yield[:, None]
        length = (self.end - self.start)[:, None]
        left = length * np.square(_NODE)
        now = self.end[:, None] - left
        variance = self.before[:, None] + self.speed[:, None] * (length - left)
        exercised = 1.0 - self.owed[:, None] * np.exp(r * now)
        inside = left * np.square(_SINE)[:, None, None]  # time from a node to the points between it and the end
        weight = left * _WEIGHT[:, None, None]
        ahead = np.concatenate([known.when[:, :, None] - now, inside])
        spread = np.sqrt(np.concatenate([known.variance[:, :, None] - variance, self.speed[:, None] * inside]))
        drift = (r - q) * ahead / spread - 0.5 * spread
        barrier = np.concatenate([np.repeat(known.barrier[:, :, None], NODES, axis=2), inside])
        delivers = ahead.shape[0] if q.any() else 1  # without a yield only the pair at expiry delivers stock
        cash = np.concatenate([np.repeat(known.cash[:, :, None], NODES, axis=2), r * weight]) * np.exp(-r * ahead)
        stock = np.concatenate([np.repeat(known.stock[:, :, None], NODES, axis=2), q * weight])[:delivers]
        stock = stock * np.exp(-q * ahead[:delivers])
        nodes = np.arange(NODES)
        log_b = np.repeat(guess[:, None], NODES, axis=1)
        for _ in range(NEWTON):
            np.matmul(log_b, _INSIDE, out=barrier[-POINTS:])
            d = (barrier - log_b) / spread - drift
            d_stock = d[:delivers] - spread[:delivers]
            pays = exercised - (cash * rough_cdf(d)).sum(axis=0)
            costs = 1.0 - (stock * rough_cdf(d_stock)).sum(axis=0)
            density = cash * np.exp(-0.5 * np.square(d)) / (spread * (_SQRT_2PI * pays))
            density[:delivers] -= stock * np.exp(-0.5 * np.square(d_stock)) / (spread[:delivers] * (_SQRT_2PI * costs))
            slope = np.einsum("pni,pki->nik", density[-POINTS:], _INSIDE)
            slope[:, nodes, nodes] += 1.0 - density.sum(axis=0)
            step = np.linalg.solve(slope, (np.log(pays / costs) - log_b)[:, :, None])[:, :, 0]
            step = np.where(np.isfinite(step), np.clip(step, -LONGEST_STEP, LONGEST_STEP), -LONGEST_STEP)
            log_b = np.clip(log_b + step, FARTHEST, 0.0)
        return log_b


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of those puts for which they matter, solved near some volatility.

    Attributes
    ----------
    rows : int array, shape (n,)
        Those puts, among the ones given to `windows`.
    vol : array, shape (n,)
        What they were solved at. [1/sqrt(year)]
    start, end : array, shape (n, m)
        Of each window, equal where there is none. [year]
    log_b : array, shape (n, m, NODES)
        ln(B/K) at the nodes.
    """

    rows: Ints
    vol: Floats
    start: Floats
    end: Floats
    log_b: Floats

    def __getitem__(self, rows: Ints) -> Windows:
        """Pick those of some of the puts given to `windows`; `rows` increases."""
        kept = np.flatnonzero(np.isin(self.rows, rows, assume_unique=True))
        at = np.searchsorted(rows, self.rows[kept])
        return Windows(at, self.vol[kept], self.start[kept], self.end[kept], self.log_b[kept])

    def premium(self, log_moneyness: Floats, stock: Stock, vol: Floats) -> Floats:
        """Worth today, over K, of exercise in the windows, for all the puts given to `windows`. [1]

        `vol` may have moved a little: a boundary's distance from the strike is about proportional to it.
        """
        premium = np.zeros(log_moneyness.size)
        i = self.rows
        r, q, x = stock.rate[i, None], stock.dividend_yield[i, None], log_moneyness[i, None]
        start, before, speed = stock.periods(i)
        moved = (vol[i] / self.vol)[:, None]
        for date in range(self.start.shape[1]):
            length = (self.end - self.start)[:, date, None]
            when = self.end[:, date, None] - length * np.square(_SINE)
            spread = np.sqrt(before[:, date, None] + speed[:, date, None] * (when - start[:, date, None]))
            d = ((self.log_b[:, date] @ _READ) * moved - x - (r - q) * when) / spread + 0.5 * spread
            worth = r * np.exp(-r * when) * rough_cdf(d)
            if q.any():
                worth -= q * np.exp(x - q * when) * rough_cdf(d - spread)
            premium[i] += np.where(length > 0.0, length * worth, 0.0) @ _WEIGHT
        return premium


def windows(
    log_moneyness: Floats,
    strike: Floats,
    years: Floats,
    vol: Floats,
    lowest: Floats,
    stock: Stock,
    solved: Windows | None = None,
) -> Windows:
    """Solve the windows of the puts for which they matter.

    Parameters
    ----------
    log_moneyness, strike, years, vol : array, shape (n,)
        ln(X/K), with X the spot less the present value of the payments.
    lowest : array, shape (n,)
        ln(B/K) right after the last ex-date: no boundary before it is higher.
    stock : Stock
        With a positive rate: without interest nothing is gained by exercising.
    solved : Windows, optional
        Of the same puts: only those whose `vol` has moved since are solved again.
    """
    if solved is None:
        start, end = _open(strike, stock.rate, stock.cash)
        rows = _matter(log_moneyness, years, lowest, stock, start, end)
        solved = Windows(
            rows, np.full(rows.size, np.nan), start[rows], end[rows], np.empty((*start[rows].shape, NODES))
        )
    stale = np.flatnonzero(~(np.abs(np.log(vol[solved.rows] / solved.vol)) < STALE) & np.isfinite(vol[solved.rows]))
    if not stale.size:
        return solved
    at, log_b = solved.vol.copy(), solved.log_b.copy()
    rows = solved.rows[stale]
    at[stale] = vol[rows]
    log_b[stale] = _solve(rows, solved.start[stale], solved.end[stale], strike, years, vol, lowest, stock)
    return Windows(solved.rows, at, solved.start, solved.end, log_b)


def _solve(
    rows: Ints,
    start: Floats,
    end: Floats,
    strike: Floats,
    years: Floats,
    vol: Floats,
    lowest: Floats,
    stock: Stock,
) -> Floats:
    """Solve for ln(B/K) at the nodes of the windows of some puts, shape (rows, m, NODES), the last window first."""
    log_b = np.full((*start.shape, NODES), FARTHEST)
    life = (years - stock.cash.when[:, -1])[rows]
    rate, dividend_yield = stock.rate[rows], stock.dividend_yield[rows]
    found = boundaries(rate, dividend_yield, life, vol[rows])
    _, before, speed = stock.periods(rows)
    for at in range(0, rows.size, BLOCK):
        i = found.order[at : at + BLOCK]
        all_ = rows[i]
        r, q = rate[i], dividend_yield[i]
        fall = vol[all_] * np.sqrt(life[i]) * (found.depth(at, at + i.size, vol[all_]) @ _FEWER).T
        left = life[i] * np.square(_SINE)[:, None]
        weight = life[i] * _WEIGHT[:, None]
        none, one = np.zeros((1, i.size)), np.ones((1, i.size))
        known = _Digitals(years[None, all_], stock.total[None, all_], none, one, one).beside(
            _Digitals(
                years[all_] - left,
                stock.total[all_] - np.square(vol[all_]) * left,
                expiry_limit(r, q) - fall,
                r * weight,
                q * weight,
            ),
            np.arange(i.size),
        )
        owed = stock.cash[all_].to_come(r) / strike[all_, None]
        guess, since = lowest[all_], life[i]
        for date in range(start.shape[1] - 1, -1, -1):
            opens = np.flatnonzero(end[i, date] > start[i, date])
            if not opens.size:
                continue
            j = i[opens]
            window = _Window(
                start[j, date],
                end[j, date],
                before[j, date],
                speed[j, date],
                owed[opens, date],
                r[opens],
                q[opens],
            )
            # A boundary falls about with the fourth root of the life left.
            ahead = years[rows[j]] - window.start
            solved = window.boundary(known.of(opens), guess[opens] * (ahead / since[opens]) ** 0.25)
            log_b[j, date] = solved
            guess[opens], since[opens] = solved[:, -1], ahead
            known = known.beside(window.claims(solved), opens)
    return log_b


def _matter(log_moneyness: Floats, years: Floats, lowest: Floats, stock: Stock, start: Floats, end: Floats) -> Ints:
    """Pick the puts whose windows could matter, were the boundary in them as high as after the last ex-date."""
    _, before, speed = stock.periods(np.arange(years.size))
    spread = np.sqrt(before + speed * (end - start))
    carry = (stock.rate - stock.dividend_yield)[:, None]
    d = ((lowest - log_moneyness)[:, None] - carry * end) / spread + 0.5 * spread
    gain = (stock.rate + np.maximum(-stock.dividend_yield, 0.0))[:, None] * (end - start)
    most = np.where(gain > 0.0, gain * ndtr(d), 0.0).sum(axis=1)
    return np.flatnonzero(most > NEGLIGIBLE * np.sqrt(years))


def _open(strike: Floats, rate: Floats, cash: Payments) -> tuple[Floats, Floats]:
    """Start and end of the window before each ex-date, shape (n, m); they are equal where there is none.

    A worthless stock decides: the put on it is exercised now rather than just after a later ex-date while
    K e^(-rt) - (present value of the dividends after t) is the larger.
    """
    when, r = cash.when, rate[:, None]
    to_come = cash.to_come(rate)
    later = np.pad(to_come[:, 1:], ((0, 0), (0, 1)))
    best = np.maximum.accumulate((strike[:, None] * np.exp(-r * when) - later)[:, ::-1], axis=1)[:, ::-1]
    start = np.pad(when[:, :-1], ((0, 0), (1, 0)))
    end = np.log(strike[:, None] / (best + to_come)) / r
    return start, np.where(r > 0.0, np.clip(end, start, when), start)
