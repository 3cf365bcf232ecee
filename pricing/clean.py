"""Which quotes are a market: every row is kept or gets a reason."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pricing.arrays import Bools, Codes, Floats, Ints
from pricing.reasons import Reason

__all__ = ["beyond_zero_bids", "faults", "wide"]

NEIGHBOURS = 7  # strikes whose median spread a quote's own is held against, itself included


def faults(bid: Floats, ask: Floats) -> Codes:
    """Name the first thing wrong with each quote; `Reason.KEPT` lets it pass.

    Parameters
    ----------
    bid, ask : array, shape (n,)
        [$]; NaN counts as no number, 0 as nobody there.

    Returns
    -------
    int8 array, shape (n,)
        Members of `Reason`.
    """
    found = np.select(
        [
            ~(np.isfinite(bid) & np.isfinite(ask)),
            (bid < 0) | (ask < 0),
            ask == 0,
            bid == 0,
            ask < bid,
            ask == bid,
        ],
        [Reason.NOT_A_NUMBER, Reason.NEGATIVE, Reason.NO_ASK, Reason.NO_BID, Reason.CROSSED, Reason.LOCKED],
        default=Reason.KEPT,
    )
    return found.astype(np.int8)


def wide(ladder: Ints, bid: Floats, ask: Floats, *, spreads: float, share: float) -> Bools:
    """Mark quotes whose spread is far over their neighbours', or over a share of their own mid.

    Parameters
    ----------
    ladder : int array, shape (n,)
        Which strikes belong together: one expiry's calls, or its puts; equal numbers adjacent, strikes rising.
    bid, ask : array, shape (n,)
        Quotes without a fault. [$]
    spreads : float
        Times the median spread of the seven strikes around it on its own ladder.
    share : float
        Of the mid.

    Returns
    -------
    bool array, shape (n,)
    """
    spread = ask - bid
    over = spread > share * (ask + bid) / 2
    starts = np.flatnonzero(np.diff(ladder, prepend=-1))
    lengths = np.diff(starts, append=ladder.size)
    for short in range(1, NEIGHBOURS):  # ladders shorter than the window have one median each
        rows = starts[lengths == short][:, None] + np.arange(short)
        over[rows] |= spread[rows] > spreads * np.median(spread[rows], axis=1, keepdims=True)
    if spread.size >= NEIGHBOURS:
        median = np.median(sliding_window_view(spread, NEIGHBOURS), axis=1)
        first, length = np.repeat(starts, lengths), np.repeat(lengths, lengths)
        window = np.clip(np.arange(spread.size) - NEIGHBOURS // 2, first, first + length - NEIGHBOURS)
        long = length >= NEIGHBOURS
        over[long] |= spread[long] > spreads * median[window[long]]
    return over


def beyond_zero_bids(ladder: Ints, is_call: Bools, strike: Floats, bid: Floats, forward: Floats) -> Bools:
    """Mark everything further out of the money than the first two consecutive strikes without a bid.

    The rule of the VIX: such a wing is not a market even where single bids stand in it. The two themselves are
    marked as well.

    Parameters
    ----------
    ladder, is_call, strike, bid : array, shape (n,)
        As in `wide`, all rows with their faults. [$]
    forward : array, shape (n,)
        Of each row's expiry; NaN marks nothing. [$]

    Returns
    -------
    bool array, shape (n,)
        False for every row in the money.
    """
    outside = np.where(is_call, strike >= forward, strike < forward)
    silent = outside & (bid == 0)
    pair = np.zeros(strike.size + 1, bool)  # pair[i]: rows i - 1 and i of one ladder both without a bid
    pair[1:-1] = silent[1:] & silent[:-1] & (ladder[1:] == ladder[:-1])
    first_of_pair, last_of_pair = pair[1:], pair[:-1]
    rows = np.arange(strike.size)
    starts = np.flatnonzero(np.diff(ladder, prepend=-1))
    lengths = np.diff(starts, append=ladder.size)
    if not starts.size:
        return outside
    stop_call = np.minimum.reduceat(np.where(first_of_pair & is_call, rows, strike.size), starts)
    stop_put = np.maximum.reduceat(np.where(last_of_pair & ~is_call, rows, -1), starts)
    return outside & np.where(is_call, rows >= np.repeat(stop_call, lengths), rows <= np.repeat(stop_put, lengths))
