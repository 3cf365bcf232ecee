"""Fit the rational function of `pricing.mills`: prints NUMERATOR and DENOMINATOR.

Run ``python -m tests.reference.mills`` (mpmath, a few seconds). The function interpolates the Mills ratio at 18
nodes, first Chebyshev's in v = (x - a)/(x - a + 4), which draws the far end near; they are then moved apart
where the error between two is small and together where it is large, until it is about level (after Remez).
"""

from __future__ import annotations

import itertools

import mpmath as mp

from pricing.mills import HIGHEST, LOWEST

DEGREES = (8, 9)  # one more below: the ratio falls as 1/x
SCALE = 4
GRID = 900
PASSES = 40
DIGITS = 60


def mills(x: mp.mpf) -> mp.mpf:
    """N(-x)/n(x)."""
    return mp.sqrt(mp.pi / 2) * mp.exp(x * x / 2) * mp.erfc(x / mp.sqrt(2))


def interpolate(nodes: list[mp.mpf]) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """Coefficients, of rising powers, of the rational function through the Mills ratio at `nodes`."""
    top, bottom = DEGREES
    rows, right = mp.matrix(len(nodes), len(nodes)), mp.matrix(len(nodes), 1)
    for i, x in enumerate(nodes):
        right[i] = mills(x)
        for j in range(top + 1):
            rows[i, j] = x**j
        for j in range(1, bottom + 1):
            rows[i, top + j] = -right[i] * x**j
    found = list(mp.lu_solve(rows, right))
    return found[: top + 1], [mp.mpf(1), *found[top + 1 :]]


def fit() -> tuple[list[mp.mpf], list[mp.mpf], mp.mpf]:
    """Return numerator, denominator and the largest relative error of the most level function found."""
    mp.mp.dps = DIGITS
    end = (HIGHEST - LOWEST) / mp.mpf(HIGHEST - LOWEST + SCALE)
    grid = [end * i / GRID for i in range(GRID + 1)]
    points = [LOWEST + SCALE * v / (1 - v) for v in grid]
    exact = [mills(x) for x in points]
    count = sum(DEGREES) + 1
    nodes = [end * (1 - mp.cos(mp.pi * (2 * i + 1) / (2 * count))) / 2 for i in range(count)]
    best: tuple[mp.mpf, list[mp.mpf], list[mp.mpf]] = (mp.inf, [], [])
    for _ in range(PASSES):
        top, bottom = interpolate([LOWEST + SCALE * v / (1 - v) for v in nodes])
        error = [
            abs(mp.polyval(top[::-1], x) / mp.polyval(bottom[::-1], x) / y - 1)
            for x, y in zip(points, exact, strict=True)
        ]
        if max(error) < best[0]:
            best = (max(error), top, bottom)
        gaps = list(itertools.pairwise([mp.mpf(0), *nodes, end]))
        peaks = [max(e for v, e in zip(grid, error, strict=True) if left <= v <= right) for left, right in gaps]
        widths = [
            (right - left) * (peak / max(peaks)) ** -0.12 for (left, right), peak in zip(gaps, peaks, strict=True)
        ]
        nodes = [end * part / sum(widths) for part in itertools.accumulate(widths[:-1])]
    return best[1], best[2], best[0]


def main() -> None:
    """Print the coefficients as Python tuples, of rising powers."""
    top, bottom, error = fit()
    for name, values in (("NUMERATOR", top), ("DENOMINATOR", bottom)):
        print(name, "= (")  # noqa: T201 - a program that prints
        print("".join(f"    {float(value)!r},\n" for value in values) + ")")  # noqa: T201
    print(f"# largest relative error {mp.nstr(error, 3)}")  # noqa: T201


if __name__ == "__main__":
    main()
