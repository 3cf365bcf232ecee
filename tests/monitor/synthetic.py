"""Small payloads in the vendors' shapes, made of invented numbers; no vendor's data."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

from monitor.sources.payload import Payload

FETCHED_AT = datetime(2026, 3, 4, 16, 0, 20, tzinfo=UTC)  # a Wednesday, 11:00 New York
FEED_TIME = FETCHED_AT - timedelta(seconds=20)
EXPIRIES = (date(2026, 3, 20), date(2026, 4, 2), date(2026, 4, 17))
STRIKES = (90.0, 95.0, 97.5, 100.0, 105.0, 112.5)
SPOT = 100.25
ROWS = 2 * len(EXPIRIES) * len(STRIKES)


def occ_name(root: str, day: date, side: str, strike: float) -> str:
    return f"{root}{day:%y%m%d}{side}{round(strike * 1000):08d}"


def contracts(root: str = "IWM"):
    """Each contract with quotes that a market could show."""
    for i, day in enumerate(EXPIRIES):
        for strike in STRIKES:
            for side in "CP":
                worth = max(SPOT - strike if side == "C" else strike - SPOT, 0.0) + 1.0 + 0.5 * i
                yield (
                    occ_name(root, day, side, strike),
                    day,
                    side,
                    strike,
                    round(worth - 0.05, 2),
                    round(worth + 0.05, 2),
                )


def cboe_answer(symbol: str = "IWM", root: str | None = None) -> dict:
    options = [
        {
            "option": name,
            "bid": bid,
            "bid_size": 10.0,
            "ask": ask,
            "ask_size": 12.0,
            "iv": 0.2345,
            "open_interest": 100.0,
            "volume": 7.0,
            "delta": 0.5,
            "tick": "up",
            "last_trade_time": None,
        }
        for name, _, _, _, bid, ask in contracts(root or symbol)
    ]
    return {
        "timestamp": f"{FEED_TIME:%Y-%m-%d %H:%M:%S}",
        "data": {"options": options, "symbol": symbol, "security_type": "stock", "current_price": SPOT},
        "symbol": symbol,
    }


def desk_answer(symbol: str = "IWM") -> dict:
    quotes = [
        {
            "symbol": name,
            "expiration": day.isoformat(),
            "side": "call" if side == "C" else "put",
            "strike": strike,
            "bid": bid,
            "ask": ask,
            "volume": 7.0,
            "openInterest": 100.0,
            "iv": 0.2345,
        }
        for name, day, side, strike, bid, ask in contracts(symbol)
    ]
    return {"symbol": symbol, "updated": FEED_TIME.isoformat(), "underlyingPrice": SPOT, "quotes": quotes}


def schwab_answer(symbol: str = "IWM") -> dict:
    maps: dict[str, dict] = {"C": {}, "P": {}}
    for name, day, side, strike, bid, ask in contracts(symbol):
        row = {
            "putCall": "CALL" if side == "C" else "PUT",
            "symbol": f"{name[:-15]:<6}{name[-15:]}",
            "bid": bid,
            "ask": ask,
            "totalVolume": 7,
            "openInterest": 100,
            "volatility": 23.45,
            "quoteTimeInLong": int(FEED_TIME.timestamp() * 1000),
        }
        strikes = maps[side].setdefault(f"{day}:{(day - FETCHED_AT.date()).days}", {})
        strikes.setdefault(str(strike), []).append(row)
    return {
        "symbol": symbol,
        "status": "SUCCESS",
        "isDelayed": False,
        "underlyingPrice": SPOT,
        "callExpDateMap": maps["C"],
        "putExpDateMap": maps["P"],
    }


def yahoo_table(symbol: str = "IWM", *, newest_trade: datetime = FEED_TIME, **more: object) -> bytes:
    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(
        [
            "contractSymbol",
            "lastTradeDate",
            "strike",
            "bid",
            "ask",
            "volume",
            "openInterest",
            "impliedVolatility",
            *more,
        ]
    )
    for i, (name, _, _, strike, bid, ask) in enumerate(contracts(symbol)):
        traded = newest_trade - timedelta(minutes=i)
        out.writerow([name, traded.isoformat(sep=" "), strike, bid, ask, 7.0, 100, 0.2345, *more.values()])
    return text.getvalue().encode()


def payload(body: bytes | dict, *, source: str = "cboe", symbol: str = "IWM", **more: object) -> Payload:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Payload(**{"body": raw, "source": source, "symbol": symbol, "fetched_at": FETCHED_AT, **more})
