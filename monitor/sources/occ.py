"""Contract names of the Options Clearing Corporation, a whole chain at once.

Root of one to six characters, expiry as yymmdd, C or P, strike in thousandths of a dollar in eight digits (Options
Symbology Initiative, 2010): IWM260116P00245000. Some vendors pad the root to six with spaces. An adjusted contract,
whose deliverable is no longer a hundred shares, has a digit after the root: VXX2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pricing.arrays import Bools, Codes, Floats, Ints
from pricing.chain import Expiry
from pricing.reasons import Reason

__all__ = ["Contracts", "read"]

WIDTH, TAIL = 21, 15  # of a name with the longest root; of what follows the root
ROOT, DAY, SIDE, STRIKE = slice(0, 6), slice(6, 12), 12, slice(13, 21)  # places in a name aligned to the right
Letters: TypeAlias = NDArray[np.uint8]
CENTURY = 2000
THOUSANDTHS = 1000.0
NO_DAY = -1
DAY_BASE = 1_000_000  # more than any yymmdd: root and day share one integer


@dataclass(frozen=True, slots=True)
class Contracts:
    """What a column of names says.

    Attributes
    ----------
    reason : int8 array, shape (n,)
        `Reason.KEPT`, or why a name is no contract of the underlying. The other columns belong to the kept ones.
    expiries : tuple of Expiry
    expiry : int array, shape (kept,)
        Index into `expiries`.
    is_call : bool array, shape (kept,)
    strike : float array, shape (kept,)
        [$]
    """

    reason: Codes
    expiries: tuple[Expiry, ...]
    expiry: Ints
    is_call: Bools
    strike: Floats


def read(names: Sequence[str], roots: Mapping[str, bool]) -> Contracts:
    """Split contract names.

    Parameters
    ----------
    names : sequence of str
    roots : mapping of str to bool
        Roots that belong to the underlying, and whether each settles on the open.

    Returns
    -------
    Contracts
        A name that is malformed, has a day that does not exist or no strike is `UNREADABLE`; a known root with a
        digit behind it is `ADJUSTED`; any other root is `OTHER_ROOT`.
    """
    text = "".join(names)
    if " " in text:
        names = [name.replace(" ", "") for name in names]
        text = "".join(names)
    length = np.fromiter(map(len, names), np.int64, len(names))
    end = np.cumsum(length)
    letters = np.frombuffer(bytes(WIDTH) + text.encode("ascii", "replace"), np.uint8)
    record = letters[np.arange(WIDTH)[:, None] + end]  # a row a place, aligned to the right, after whatever precedes
    digit = record - ord("0")  # wraps round: anything but a digit is over 9

    side = record[SIDE]
    is_call = side == ord("C")
    strike = 10.0 ** np.arange(7, -1, -1) @ digit[STRIKE] / THOUSANDTHS
    well_formed = (
        (length > TAIL)
        & (length <= WIDTH)
        & (digit[DAY].max(axis=0, initial=0) <= 9)  # noqa: PLR2004 - the largest digit
        & (digit[STRIKE].max(axis=0, initial=0) <= 9)  # noqa: PLR2004
        & (is_call | (side == ord("P")))
        & (strike > 0)
    )
    index, adjusted = _root(record[ROOT], length - TAIL, roots)
    yymmdd = 10.0 ** np.arange(5, -1, -1) @ digit[DAY]
    reason = np.full(length.size, Reason.KEPT, np.int8)
    reason[index < 0] = Reason.OTHER_ROOT
    reason[adjusted] = Reason.ADJUSTED
    reason[~well_formed] = Reason.UNREADABLE

    keys, which = np.unique(np.where(reason == Reason.KEPT, index * DAY_BASE + yymmdd, NO_DAY), return_inverse=True)
    named = [_expiry(int(key), roots) for key in keys]
    exists = np.array([expiry is not None for expiry in named], bool)
    reason[(reason == Reason.KEPT) & ~exists[which]] = Reason.UNREADABLE
    kept = reason == Reason.KEPT
    return Contracts(
        reason=reason,
        expiries=tuple(expiry for expiry in named if expiry is not None),
        expiry=(np.cumsum(exists) - 1)[which[kept]],
        is_call=is_call[kept],
        strike=strike[kept],
    )


def _root(letters: Letters, size: Ints, roots: Mapping[str, bool]) -> tuple[Ints, Bools]:
    """Find each root's place among the known, -1 elsewhere; and which are a known root with a digit behind it."""
    own = np.arange(WIDTH - TAIL)[:, None] >= WIDTH - TAIL - size
    code = 256.0 ** np.arange(WIDTH - TAIL - 1, -1, -1) @ np.where(own, letters, 0)  # whole: 48 of a float's 53 bits
    last = letters[-1]
    ends_in_digit = (last >= ord("0")) & (last <= ord("9"))
    index = np.full(size.size, -1)
    adjusted = np.zeros(size.size, bool)
    for place, root in enumerate(roots):
        known = float(int.from_bytes(root.encode("ascii"), "big"))
        index[code == known] = place
        adjusted |= ends_in_digit & (code - last == known * 256)
    return index, adjusted


def _expiry(key: int, roots: Mapping[str, bool]) -> Expiry | None:
    """Name an expiry; None for rows without one and for a day that does not exist."""
    if key < 0:
        return None
    place, yymmdd = divmod(key, DAY_BASE)
    year, month_day = divmod(yymmdd, 10_000)
    try:
        day = date(CENTURY + year, *divmod(month_day, 100))
    except ValueError:
        return None
    root = tuple(roots)[place]
    return Expiry(day, root, am_settled=roots[root])
