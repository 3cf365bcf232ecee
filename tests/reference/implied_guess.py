"""Fit the first guess of `pricing.implied`: prints GUESS_NUMERATOR and GUESS_DENOMINATOR.

Run ``python -m tests.reference.implied_guess``. The out-of-the-money time value is
``beta = 1/2 exp(-(h^2 + t^2)/2) [erfcx((h - t)/sqrt 2) - erfcx((h + t)/sqrt 2)]`` in units of sqrt(F K), with
h = k/stdev and t = stdev/2. The fit is ``stdev^2 = y^2 P(l, y^2)/Q(l, y^2)`` in the straddle y = 2 beta + k
and l = ln(1 + k/beta): in Bachelier's limit P/Q depends on l alone, so few powers of y^2 are needed.

Linearised least squares, each pass weighted by the last denominator (Sanathanan & Koerner, IEEE Trans.
Autom. Control, vol. 8, pp. 56-58, 1963) and by the last errors (Lawson), which drives it towards minimax.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx

from pricing.arrays import Floats

STDEV_MAX = 2.0
H_MAX = 10.0
K_MAX = 4.0
POWERS_NUMERATOR = (2, 2, 1, 0)  # highest power of y^2 at each power of l
POWERS_DENOMINATOR = (2, 2, 1, 0, 0)
PASSES = 400


def grid() -> tuple[Floats, Floats]:
    """Total volatilities and standardised moneynesses of the domain, denser at its edges."""
    stdev = np.concatenate([np.geomspace(1e-3, 0.2, 12, endpoint=False), np.linspace(0.2, STDEV_MAX, 60)])
    share = 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, 241)))  # Chebyshev's spacing, ends included
    h = np.minimum(H_MAX, K_MAX / stdev)[:, None] * np.fmax(share, 1e-9)
    return np.broadcast_to(stdev[:, None], h.shape).ravel(), h.ravel()


def coordinates(stdev: Floats, h: Floats) -> tuple[Floats, Floats]:
    """Straddle y and l = ln(1 + k/beta) of an option worth `stdev`."""
    k, t = h * stdev, stdev / 2.0
    gap = erfcx((h - t) / np.sqrt(2.0)) - erfcx((h + t) / np.sqrt(2.0))
    beta = 0.5 * np.exp(-0.5 * (h * h + t * t)) * gap
    return 2.0 * beta + k, np.log1p(k / beta)


def monomials(length: Floats, square: Floats, powers: tuple[int, ...]) -> Floats:
    """Columns ``l^i (y^2)^j`` for j up to ``powers[i]``."""
    return np.stack([length**i * square**j for i, top in enumerate(powers) for j in range(top + 1)], axis=1)


def fit() -> tuple[Floats, Floats, float]:
    """Coefficients of P and Q (Q's first is 1) and the largest relative error of the guess."""
    stdev, h = grid()
    y, length = coordinates(stdev, h)
    target = np.square(stdev / y)
    top = monomials(length, np.square(y), POWERS_NUMERATOR)
    bottom = monomials(length, np.square(y), POWERS_DENOMINATOR)[:, 1:]
    system = np.hstack([top, -target[:, None] * bottom])
    denominator, lawson = np.ones_like(target), np.ones_like(target)
    best, found = np.inf, (np.empty(0), np.empty(0))
    for _ in range(PASSES):
        weight = lawson / (denominator * target)
        rows = system * weight[:, None]
        size = np.linalg.norm(rows, axis=0)
        solution = np.linalg.lstsq(rows / size, target * weight, rcond=None)[0] / size
        p, q = np.split(solution, [top.shape[1]])
        denominator = 1.0 + bottom @ q
        error = np.abs(top @ p / denominator / target - 1.0) / 2.0  # of stdev, the square root
        if error.max() < best:
            best, found = float(error.max()), (p, np.concatenate([[1.0], q]))
        denominator = np.abs(denominator)
        lawson *= np.sqrt(1.0 + error / error.max())
        lawson /= lawson.max()
    return (*found, best)


def main() -> None:
    """Print the coefficients as Python tuples, one a power of l."""
    numerator, denominator, error = fit()
    for name, values, powers in (
        ("GUESS_NUMERATOR", numerator, POWERS_NUMERATOR),
        ("GUESS_DENOMINATOR", denominator, POWERS_DENOMINATOR),
    ):
        rows = np.split(values, np.cumsum([top + 1 for top in powers])[:-1])
        print(name, "= (")  # noqa: T201 - a program that prints
        for row in rows:
            print("    (" + ", ".join(f"{value:.8g}" for value in row) + ",),")  # noqa: T201
        print(")")  # noqa: T201
    print(f"# largest relative error {error:.2e}")  # noqa: T201


if __name__ == "__main__":
    main()
