"""The early-exercise premium of American puts, over boundaries that options share.

The boundary per unit of strike depends on rate, yield, volatility and life, never on spot or strike; with 1/r
as the unit of time it depends on q/r, rT and sigma^2/r only. So all options of one ratio q/r (every put on a
stock that pays in cash has q = 0) read their boundaries off one small Chebyshev table in ln rT and
ln(sigma^2/r), and what is left for each is one quadrature. Options too few to share are solved one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pricing.arrays import Floats, Ints
from pricing.boundary import FAST, FINE, PRECISE, Scheme, depth, expiry_limit, quadrature, rough_depth
from pricing.normal import rough_cdf

__all__ = ["Boundaries", "boundaries", "for_so_many", "put_premium"]

POINTS = 12  # quadrature points of the premium: 12 leave 2e-7 of the strike, 8 would leave 3e-6
BLOCK = 1024  # options priced at once: the working arrays stay in the second-level cache
FEW = 200  # boundaries solved one by one are solved precisely
SLACK = 0.08  # in ln(vol): how far a table is built beyond the given volatilities
ALONE = 0.015  # in ln(vol): how far a depth solved for one volatility serves another (farther costs 5e-6 of vol)
WIDEST_TIME, WIDEST_VOL = 6.0, 3.0  # of one table, in ln(years) and ln(vol): a factor of 20 and of 4 to either side
FAR_STRIDE = 1e3  # over any number of such widths: one number names both
OUTSIDE = 1.25  # half-widths of a table from its centre beyond which its polynomial is held constant

_ANGLE, _WEIGHT = quadrature(POINTS)
_SINE, _COSINE = np.sin(_ANGLE), np.cos(_ANGLE)
ROOTS = tuple(_SINE.tolist())  # sqrt(tau/T) where the time from now is T cos^2


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Exercise boundaries of n puts at the quadrature points of their premiums, near given volatilities.

    Attributes
    ----------
    order : int array, shape (n,)
        Options by table; those solved one by one come last.
    bounds : int array, shape (tables + 1,)
        Where each table's options begin in `order`.
    in_time : array, shape (j, bounds[-1])
        Chebyshev polynomials of ln rT, in that order.
    log_vol : array, shape (2, bounds[-1])
        Centre of each option's table in ln(sigma) and the inverse of its half-width.
    tables : array, shape (tables, j * k, POINTS)
        Chebyshev coefficients of the depth.
    own : array, shape (n - bounds[-1], POINTS)
        Depths solved one by one.
    own_terms : array, shape (4, n - bounds[-1])
        What they were solved for: rT, qT, sigma sqrt(T), sigma.
    """

    order: Ints
    bounds: Ints
    in_time: Floats
    log_vol: Floats
    tables: Floats
    own: Floats
    own_terms: Floats

    def __getitem__(self, rows: Ints) -> Boundaries:
        """Pick those of some options; `rows` increases."""
        place = np.empty_like(self.order)
        place[self.order] = np.arange(self.order.size)
        at = np.sort(place[rows])
        shared = int(self.bounds[-1])
        tabled = at[at < shared]
        return Boundaries(
            order=np.searchsorted(rows, self.order[at]),
            bounds=np.searchsorted(at, self.bounds),
            in_time=self.in_time[:, tabled],
            log_vol=self.log_vol[:, tabled],
            tables=self.tables,
            own=self.own[at[tabled.size :] - shared],
            own_terms=self.own_terms[:, at[tabled.size :] - shared],
        )

    @property
    def reach(self) -> Floats:
        """How far in ln(vol) from the given volatilities each option's boundary is good, shape (n,)."""
        reach = np.full(self.order.size, OUTSIDE * SLACK)
        reach[self.order[self.bounds[-1] :]] = ALONE
        return reach

    def depth(self, start: int, stop: int, vol: Floats) -> Floats:
        """Depths of the options `order[start:stop]` at volatilities `vol`, shape (stop - start, POINTS)."""
        out = np.empty((stop - start, POINTS))
        shared = int(self.bounds[-1])
        if stop > shared:
            first = max(shared - start, 0)
            own = slice(max(start - shared, 0), stop - shared)
            out[first:] = self.own[own]
            rate_time, yield_time, stdev, solved = self.own_terms[:, own]
            moved = vol[first:] / solved
            if np.any(moved != 1.0):  # NaN included
                out[first:] *= rough_depth(rate_time, yield_time, stdev * moved, ROOTS)
                out[first:] /= rough_depth(rate_time, yield_time, stdev, ROOTS)
        if start < shared:
            stop = min(stop, shared)
            in_time = self.in_time[:, start:stop]
            centre, per_half = self.log_vol[:, start:stop]
            at = np.clip((np.log(vol[: stop - start]) - centre) * per_half, -OUTSIDE, OUTSIDE)
            in_vol = _chebyshev(at, self.tables.shape[1] // in_time.shape[0])
            terms = (in_time[:, None] * in_vol).reshape(-1, stop - start).T
            first, last = np.searchsorted(self.bounds, (start, stop - 1), side="right") - 1
            edges = np.clip(self.bounds[first : last + 2], start, stop) - start
            for table, (a, b) in enumerate(pairwise(edges), start=int(first)):
                np.matmul(terms[a:b], self.tables[table], out=out[a:b])
        return out


def boundaries(
    rate: Floats, dividend_yield: Floats, years: Floats, vol: Floats, *, alone: Scheme | None = None
) -> Boundaries:
    """Solve the boundaries of puts that can be worth exercising early.

    Parameters
    ----------
    rate, dividend_yield, years, vol : array, shape (n,)
        rate > 0, or rate = 0 with a negative yield; years > 0; vol > 0. [1/year, 1/year, year, 1/sqrt(year)]
    alone : Scheme, optional
        Share nothing, and solve every boundary so: each is a function of its own arguments only.
    """
    unit = np.where(rate > 0.0, rate, -dividend_yield)
    per_unit = np.where(rate > 0.0, dividend_yield / unit, -np.inf)
    log_time, log_vol = np.log(unit * years), np.log(vol)
    order, bounds = _families(per_unit, log_time, log_vol)
    log_time, log_vol = log_time[order], log_vol[order]
    half_log_unit = 0.5 * np.log(unit)[order]
    time_middle, time_half = _spans(log_time, bounds, 0.0)
    vol_middle, vol_half = _spans(log_vol - half_log_unit, bounds, SLACK)
    # Measured to leave 1e-6 in the vols of listed options: 6 x 6 for lives of 7 days to 2 years, vols of 10 to 90 %.
    time_terms = np.where(time_half > 0.0, 2 + np.ceil((1.1 + 0.25 * time_half) * time_half), 1).astype(np.int64)
    vol_terms = np.where(vol_half > SLACK, 2 + np.ceil((2.2 + 0.8 * vol_half) * vol_half), 1).astype(np.int64)
    sizes = np.diff(bounds)
    shares = (sizes > time_terms * vol_terms) & (alone is None)
    rows_share = np.repeat(shares, sizes)
    i = order[~rows_share]
    own_terms = np.stack([rate[i] * years[i], dividend_yield[i] * years[i], vol[i] * np.sqrt(years[i]), vol[i]])
    scheme = alone or for_so_many(i.size)
    middle = np.repeat(np.stack([time_middle, vol_middle]), sizes, axis=1)[:, rows_share]
    half = np.repeat(np.stack([time_half, vol_half]), sizes, axis=1)[:, rows_share]
    with np.errstate(divide="ignore"):
        per_half = np.where(half > 0.0, 1.0 / half, 0.0)
    j, k = (int(terms[shares].max(initial=1)) for terms in (time_terms, vol_terms))
    return Boundaries(
        order=np.concatenate([order[rows_share], i]),
        bounds=np.concatenate([[0], np.cumsum(sizes[shares])]),
        in_time=_chebyshev((log_time[rows_share] - middle[0]) * per_half[0], j),
        log_vol=np.stack([middle[1] + half_log_unit[rows_share], per_half[1]]),
        tables=_tables(
            per_unit[order[bounds[:-1][shares]]],
            (time_middle[shares], time_half[shares], j),
            (vol_middle[shares], vol_half[shares], k),
        ),
        own=depth(own_terms[0], own_terms[1], own_terms[2], ROOTS, scheme),
        own_terms=own_terms,
    )


def for_so_many(count: int) -> Scheme:
    """How finely to solve so many boundaries one by one."""
    return PRECISE if count <= FEW else FAST


def put_premium(
    found: Boundaries,
    log_moneyness: Floats,
    rate: Floats,
    dividend_yield: Floats,
    years: Floats,
    vol: Floats,
    delay: Floats,
    delay_variance: Floats,
) -> tuple[Floats, Floats]:
    """American less European put per unit of strike, above the boundary, and the boundary farthest from expiry. [1]

    The interest gained less the yield forgone while the spot is under the boundary (I. J. Kim, "The analytic
    valuation of American options," Rev. Financ. Stud., vol. 3, 1990), here over the last `years` of a life.

    Parameters
    ----------
    found : Boundaries
        Of the same options.
    log_moneyness : array, shape (n,)
        ln(spot/strike). [1]
    rate, dividend_yield, years, vol : array, shape (n,)
        As given to `boundaries`; `vol` may have moved a little.
    delay, delay_variance : array, shape (n,)
        Time before the last `years`, in which there is no exercise [year], and the variance of the log spot in
        it [1]; both 0 for an ordinary put.

    Returns
    -------
    premium, log_boundary : array, shape (n,)
        Premium over strike; ln(B/K) at the first quadrature point of the last `years`.
    """
    premium, lowest = np.empty(vol.size), np.empty(vol.size)
    square = np.square(_COSINE)
    for start in range(0, vol.size, BLOCK):
        rows = found.order[start : start + BLOCK]
        life, sigma, r, q = years[rows], vol[rows], rate[rows], dividend_yield[rows]
        ahead = life[:, None] * square
        spread = np.square(sigma)[:, None] * ahead
        if delay[rows].any():
            ahead += delay[rows, None]
            spread += delay_variance[rows, None]
        np.sqrt(spread, out=spread)
        d = found.depth(start, start + rows.size, sigma)
        d *= (-sigma * np.sqrt(life))[:, None]
        d += (expiry_limit(r, q) - log_moneyness[rows])[:, None]
        lowest[rows] = d[:, -1] + log_moneyness[rows]
        d -= (r - q)[:, None] * ahead
        d /= spread
        d += 0.5 * spread
        gained = np.exp(-r[:, None] * ahead)
        gained *= rough_cdf(d)
        value = r * life * (gained @ _WEIGHT)
        if q.any():
            d -= spread
            forgone = np.exp(-q[:, None] * ahead)
            forgone *= rough_cdf(d)
            value -= q * life * np.exp(log_moneyness[rows]) * (forgone @ _WEIGHT)
        premium[rows] = value
    return np.maximum(premium, 0.0, out=premium), lowest


def _families(per_unit: Floats, log_time: Floats, log_vol: Floats) -> tuple[Ints, Ints]:
    """Order that brings together what one table can serve, and where each begins, shape (families + 1,).

    One ratio of yield to rate, and neither lives nor vols so far from the usual that a table would be stretched.
    """
    if not per_unit.size:
        return np.empty(0, np.int64), np.zeros(1, np.int64)
    far_time = np.rint((log_time - np.median(log_time)) / WIDEST_TIME)
    far_vol = np.rint((log_vol - np.median(log_vol)) / WIDEST_VOL)
    far = far_time * FAR_STRIDE + far_vol
    if np.all(per_unit == per_unit[0]) and not far.any():
        return np.arange(per_unit.size), np.array([0, per_unit.size])
    order = np.lexsort((far, per_unit))
    same = (per_unit[order[1:]] == per_unit[order[:-1]]) & (far[order[1:]] == far[order[:-1]])
    return order, np.concatenate([[0], np.flatnonzero(~same) + 1, [per_unit.size]])


def _spans(values: Floats, bounds: Ints, slack: float) -> tuple[Floats, Floats]:
    """Middle and half-width of each family's values."""
    if bounds.size == 1:
        return np.empty(0), np.empty(0)
    low, high = (extreme.reduceat(values, bounds[:-1]) for extreme in (np.minimum, np.maximum))
    return 0.5 * (low + high), 0.5 * (high - low) + slack


def _tables(per_unit: Floats, time: tuple[Floats, Floats, int], vol: tuple[Floats, Floats, int]) -> Floats:
    """Chebyshev coefficients in ln rT and ln(sigma/sqrt r), shape (tables, j * k, POINTS)."""
    (log_time, from_time), (log_vol, from_vol) = _chebyshev_nodes(*time), _chebyshev_nodes(*vol)
    j, k, count = time[2], vol[2], per_unit.size
    stdev = np.exp(log_vol[:, None, :] + 0.5 * log_time[:, :, None]).reshape(-1)
    life = np.repeat(np.exp(log_time).reshape(-1), k)
    family = np.repeat(per_unit, j * k)
    has_rate = np.isfinite(family)
    solved = depth(np.where(has_rate, life, 0.0), np.where(has_rate, family, -1.0) * life, stdev, ROOTS, FINE).reshape(
        count, j, k, POINTS
    )
    in_vol = np.matmul(from_vol, solved).reshape(count, j, k * POINTS)
    coefficients: Floats = np.matmul(from_time, in_vol).reshape(count, j * k, POINTS)
    return coefficients


def _chebyshev_nodes(middle: Floats, half: Floats, terms: int) -> tuple[Floats, Floats]:
    """Nodes of each interval, shape (n, terms), and the matrix from values there to coefficients."""
    node = np.cos((2 * np.arange(terms) + 1) * np.pi / (2 * terms))
    values = _chebyshev(node, terms)
    to_coefficients = values * (2.0 / terms)
    to_coefficients[0] *= 0.5
    return middle[:, None] + half[:, None] * node, to_coefficients


def _chebyshev(at: Floats, terms: int) -> Floats:
    """Chebyshev polynomials of the first kind, shape (terms, n)."""
    out = np.empty((terms, at.size))
    out[0] = 1.0
    if terms > 1:
        out[1] = at
    twice = 2.0 * at
    for term in range(2, terms):
        np.multiply(twice, out[term - 1], out=out[term])
        out[term] -= out[term - 2]
    return out
