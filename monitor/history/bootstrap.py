"""How sure a mean after episodes is: blocks of consecutive days drawn again and again from a given seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.arrays import Bools, Floats

__all__ = ["Draws", "draw"]


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Means of resampled histories, arrays of shape (repeats,).

    Attributes
    ----------
    mean : float array
        After the chosen days; NaN for a history into which none of them was drawn.
    excess : float array
        That less the mean after all days of the same history.
    """

    mean: Floats
    excess: Floats


def draw(after: Floats, chosen: Bools, *, block: int, repeats: int, generator: np.random.Generator) -> Draws:
    """Resample a history in blocks, and take the means anew.

    Whole blocks of consecutive days keep what makes neighbouring outcomes alike: windows that overlap, calm and
    rough times, episodes that come in clusters. The history is closed to a circle, so that every day is drawn as
    often (D. N. Politis and J. P. Romano, "A circular block-resampling procedure for stationary data," in
    Exploring the Limits of Bootstrap, 1992, pp. 263-270).

    Parameters
    ----------
    after : array, shape (n,)
        What followed each day; NaN where it is not known, which then counts for nothing.
    chosen : bool array, shape (n,)
        The episodes' days.
    block : int
        Days in a block; longer than the windows of `after` overlap.
    repeats : int
    generator : numpy.random.Generator
        From the caller's seed: nothing here is random by itself.
    """
    there = np.isfinite(after)
    outcome = np.where(there, after, 0.0)
    columns = np.stack([outcome, there, outcome * chosen, there & chosen])
    n = after.size
    block = min(block, n)
    total = np.concatenate([np.zeros((4, 1)), np.cumsum(np.concatenate([columns, columns], axis=1), axis=1)], axis=1)
    number = -(-n // block)
    first = generator.integers(0, n, size=(repeats, number))
    sums = (total[:, first + block] - total[:, first]).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        all_days, chosen_days = sums[0] / sums[1], sums[2] / sums[3]
    return Draws(chosen_days, chosen_days - all_days)
