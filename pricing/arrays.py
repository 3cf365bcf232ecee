"""Array types shared by every formula: one name per kind of column."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int8]  # members of an IntEnum: a Status or a Reason for each element

__all__ = ["ArrayLike", "Bools", "Codes", "Floats", "Ints"]
