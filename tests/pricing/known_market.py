"""A market whose smile is a formula: the truth that the tests of the core hold its answers against.

Volatility is quadratic in ln(K/F), so that a local quadratic must give it back exactly, whatever its weights. From
`pricing` come only the types of a chain; prices are Black's formula written out with the normal distribution, and
the days between settlements are counted by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from scipy.special import ndtr

from pricing.chain import Chain, Expiry, Style

AS_OF = datetime(2026, 3, 10, 18, tzinfo=UTC)  # a Tuesday, 14:00 New York
SETTLED_IN = {  # expiry: days between the settlement of a trade on 03-10, which is 03-11, and of the expiry's shares
    date(2026, 3, 10): 0,
    date(2026, 3, 13): 5,  # Friday: the shares come on Monday
    date(2026, 3, 20): 12,
    date(2026, 3, 27): 19,
    date(2026, 4, 2): 26,  # Thursday before Good Friday: on Monday
    date(2026, 4, 10): 33,
    date(2026, 4, 17): 40,
    date(2026, 5, 15): 68,
}
NEAR, FAR = date(2026, 4, 2), date(2026, 4, 10)  # 23 and 31 days: the pair around 30
TENOR = 30 / 365
STRIKES = np.arange(60.0, 145.5, 0.5)


def black(forward, strike, stdev, is_call):
    """Undiscounted, by F. Black, J. Financ. Econ., vol. 3, 1976."""
    sign = np.where(is_call, 1.0, -1.0)
    d1 = np.log(forward / strike) / stdev + stdev / 2
    return sign * (forward * ndtr(sign * d1) - strike * ndtr(sign * (d1 - stdev)))


def years(day: date) -> float:
    """To 16:00 New York, from 14:00 on 03-10; both are daylight saving time. [year]"""
    return ((day - date(2026, 3, 10)).days + 2 / 24) / 365


@dataclass(frozen=True, kw_only=True)
class Market:
    """European options unless said otherwise; `level + slope k + curvature k^2`, k = ln(K/F) of each expiry."""

    spot: float = 100.0
    rate: float = 0.04
    dividend_yield: float = 0.0
    level: float = 0.20
    slope: float = -0.25
    curvature: float = 0.5
    term: float = 0.0  # added to the level per year of life
    half_spread: float = 1e-4  # [$]
    faintest: float = 1e-3  # cheaper contracts are not listed [$]
    strikes: tuple[float, ...] = tuple(STRIKES.tolist())
    days: tuple[date, ...] = tuple(SETTLED_IN)

    def forward(self, day: date) -> float:
        return self.spot * np.exp((self.rate - self.dividend_yield) * SETTLED_IN[day] / 365)

    def vol(self, day: date, strike):
        k = np.log(strike / self.forward(day))
        return self.level + self.term * years(day) + self.slope * k + self.curvature * k**2

    def price(self, day: date, strike, is_call):
        forward, time = self.forward(day), years(day)
        return np.exp(-self.rate * time) * black(forward, strike, self.vol(day, strike) * time**0.5, is_call)

    def rows(self):
        """Columns of a chain: index of the expiry, side, strike, bid, ask."""
        parts = []
        for at, day in enumerate(self.days):
            strike = np.array(self.strikes)
            for is_call in (False, True):
                price = self.price(day, strike, is_call)
                parts.append((np.full(strike.size, at), np.full(strike.size, is_call), strike, price))
        expiry, is_call, strike, price = (np.concatenate(column) for column in zip(*parts, strict=True))
        listed = price >= self.faintest
        return {
            "expiry": expiry[listed],
            "is_call": is_call[listed],
            "strike": strike[listed],
            "bid": price[listed] - self.half_spread,
            "ask": price[listed] + self.half_spread,
        }

    def chain(self, **changes) -> Chain:
        facts = {
            "symbol": "IWM",
            "source": "formula",
            "as_of": AS_OF,
            "fetched_at": AS_OF,
            "spot": self.spot,
            "style": Style.EUROPEAN,
            "expiries": [Expiry(day, "IWM") for day in self.days],
        }
        return Chain.build(**(facts | self.rows() | changes))

    # the surface at 30 days: total variance linear in time at equal strikes, ln F linear in time

    @property
    def late(self) -> float:
        return (TENOR - years(NEAR)) / (years(FAR) - years(NEAR))

    @property
    def tenor_forward(self) -> float:
        return self.forward(NEAR) ** (1 - self.late) * self.forward(FAR) ** self.late

    def tenor_variance(self, strike):
        near, far = (self.vol(day, strike) ** 2 * years(day) for day in (NEAR, FAR))
        return near + (far - near) * self.late

    def tenor_vol(self, strike):
        return np.sqrt(self.tenor_variance(strike) / TENOR)

    def tenor_price(self, strike, is_call):
        """Undiscounted. [$]"""
        return black(self.tenor_forward, strike, np.sqrt(self.tenor_variance(strike)), is_call)
