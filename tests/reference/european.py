"""Write european.csv: Black prices and their implied total volatilities to 50 digits, rounded once.

Run ``python -m tests.reference.european`` (mpmath; about ten seconds). Each row starts from a chosen stdev.
`price` is the double nearest to the Black price; `implied` is the stdev at which the price is *exactly* that
double, so the table tests an inversion without the rounding of its own input. `elasticity` is
d ln(price)/d ln(stdev): a price known to 1 part in 2^53 fixes the stdev to 1 part in 2^53 * elasticity.
"""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import mpmath as mp

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = Path(__file__).with_name("european.csv")
DIGITS = 50


class Case(NamedTuple):
    """An undiscounted European option in doubles."""

    kind: str
    forward: float
    strike: float
    stdev: float
    is_call: bool


class Region(NamedTuple):
    """Where an inversion can lose its way: ranges of stdev and of |ln(K/F)| in units of stdev, or itself."""

    kind: str
    rows: int
    stdev: tuple[float, float]
    h: tuple[float, float] | None = None
    k: tuple[float, float] | None = None
    out_of_the_money: bool | None = None  # None is either


REGIONS = (
    Region("market", 250, stdev=(0.005, 2.0), h=(0.0, 4.0), out_of_the_money=True),
    Region("wing", 200, stdev=(1e-3, 0.5), h=(7.0, 36.7), out_of_the_money=True),  # down to 1e-295
    Region("at the money", 80, stdev=(1e-9, 10.0), k=(0.0, 0.0)),
    Region("next to the money", 60, stdev=(1e-9, 1e-5), h=(0.0, 8.0)),
    Region("next to the money", 60, stdev=(1e-5, 1.0), k=(1e-15, 1e-5)),
    Region("next to intrinsic", 100, stdev=(0.005, 1.0), h=(3.0, 6.2), out_of_the_money=False),
    Region("huge stdev", 100, stdev=(2.0, 14.0), k=(0.0, 3.0)),
    Region("far and huge", 50, stdev=(3.0, 12.0), k=(5.0, 60.0), out_of_the_money=True),
    Region("tiny stdev", 100, stdev=(1e-8, 1e-3), h=(0.0, 12.0), out_of_the_money=True),
)


def cases() -> Iterator[Case]:
    """Options of every region, from a fixed seed."""
    draw = random.Random(2026)  # noqa: S311 - a sample, not a secret
    for region in REGIONS:
        low, high = region.stdev
        for _ in range(region.rows):
            stdev = float(f"{low * (high / low) ** draw.random():.4g}")
            k = draw.uniform(*region.k) if region.k else draw.uniform(*region.h or (0.0, 0.0)) * stdev
            k *= draw.choice((-1.0, 1.0))
            forward = float(f"{0.5 * 1e4 ** draw.random():.4g}")
            near = abs(k) < 1e-3  # where six digits would move the strike
            strike = forward * (1.0 + k) if near else float(f"{forward * math.exp(k):.6g}")
            out = draw.random() < 0.5 if region.out_of_the_money is None else region.out_of_the_money
            yield Case(region.kind, forward, strike, stdev, (strike >= forward) == out)


def out_of_the_money(k: mp.mpf, stdev: mp.mpf) -> mp.mpf:
    """Time value over min(F, K), k = |ln(K/F)|."""
    root_2 = mp.sqrt(2)
    near, far = k / stdev - stdev / 2, k / stdev + stdev / 2
    return (mp.erfc(near / root_2) - mp.exp(k) * mp.erfc(far / root_2)) / 2


def exact(case: Case) -> tuple[float, mp.mpf, mp.mpf] | None:
    """Price, implied stdev and elasticity; None where the price holds no volatility."""
    forward, strike = mp.mpf(case.forward), mp.mpf(case.strike)
    low, k = min(forward, strike), abs(mp.log(strike / forward))
    intrinsic = max(forward - strike if case.is_call else strike - forward, mp.mpf(0))
    stdev = mp.mpf(case.stdev)
    price = float(intrinsic + low * out_of_the_money(k, stdev))
    maximum = forward if case.is_call else strike
    if min(mp.mpf(price) - intrinsic, maximum - price) < 1e-13 * price:
        return None
    target = (mp.mpf(price) - intrinsic) / low
    for _ in range(30):
        value = out_of_the_money(k, stdev)
        d1 = stdev / 2 - k / stdev
        slope = mp.npdf(d1)
        # Newton on the log of the price, or of its distance to the maximum past one half
        if value < 0.5:
            step = mp.log(target / value) * value / slope
        else:
            step = -mp.log((1 - target) / (1 - value)) * (1 - value) / slope
        stdev += step
        if abs(step) < mp.mpf(10) ** (-30) * stdev:
            return price, stdev, stdev * low * slope / price
    message = f"no root for {case}"
    raise ArithmeticError(message)


def main() -> None:
    """Write the table."""
    mp.mp.dps = DIGITS
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kind", "forward", "strike", "is_call", "stdev", "price", "implied", "elasticity"])
        for case in cases():
            found = exact(case)
            if found is not None:
                price, implied, elasticity = found
                numbers = (case.forward, case.strike, int(case.is_call), case.stdev, price, float(implied))
                writer.writerow([case.kind, *(repr(number) for number in numbers), mp.nstr(elasticity, 4)])


if __name__ == "__main__":
    main()
