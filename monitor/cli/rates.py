"""``skewwatch rates``: the interest rates in use, and fetching them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor import rates
from monitor.cli.options import AsJson, ConfigFile, DataDir, configured, emit, read_day
from monitor.config.model import Rates
from monitor.errors import ConfigError, NoDataError

__all__ = ["app", "show", "update"]

HTTP_OK = 200
LIMIT = 16 * 2**20  # a year of curves has 0.5 MB, a series of sixty years 0.3 MB [byte]

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The interest rates in use, and fetching them.")


@app.command()
def show(*, as_json: AsJson = False, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Print the curve that a snapshot of now would use, and where it comes from."""
    loaded, _, folder = configured(config, data_dir)
    chosen = rates.choose(loaded.rates, folder, datetime.now(UTC))
    pillars = list(zip(chosen.curve.years, chosen.curve.rates, strict=True))
    if as_json:
        content = {
            "source": chosen.source,
            "day": chosen.day.isoformat() if chosen.day else None,
            "flags": sorted(chosen.flags),
            "note": chosen.note or None,
            "pillars": [{"years": years, "rate": rate} for years, rate in pillars],
        }
        emit(json.dumps(content, allow_nan=False) + "\n")
        return
    of = f" of {chosen.day}" if chosen.day else ""
    lines = [f"Rates: {chosen.source}{of}, continuously compounded."]
    flat = len(pillars) == 1
    lines += [f"  {'all tenors' if flat else f'{years:.3f} years'}  {100 * rate:6.3f} %" for years, rate in pillars]
    if chosen.note:
        lines.append(f"The configuration stands in: {chosen.note}.")
    emit("\n".join(lines) + "\n")


@app.command()
def update(
    *,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="First day to fetch, YYYY-MM-DD; by default from the last kept."),
    ] = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Fetch the configured source's yields and keep them; what was kept before stays."""
    loaded, _, folder = configured(config, data_dir)
    section, today = loaded.rates, datetime.now(UTC).date()
    path = rates.kept_path(folder, section.source)
    try:
        kept = rates.read(path)
    except NoDataError:
        kept = {}  # the new file replaces the damaged one
    first = rates.first_day(kept, today) if since is None else read_day("--since", since)
    if first > today:
        raise ConfigError(f"--since {first} lies ahead", "give a day of the past")
    table = rates.fetch(section, first, today, lambda url: _ask(section, url))
    url = section.treasury_url if section.source == "treasury" else section.fred_url
    total = rates.keep(path, table, url=url, now=datetime.now(UTC))
    emit(f"{section.source}: {len(table)} days from {min(table)} to {max(table)}; {total} kept in {path}\n")


def _ask(section: Rates, url: str) -> bytes:
    """Fetch one answer."""
    from monitor.sources.download import download  # noqa: PLC0415 - the HTTP client costs a tenth of a second

    answer = download(url, deadline=section.deadline_seconds, limit=LIMIT, attempts=section.retries + 1)
    if answer.status != HTTP_OK:
        raise NoDataError(
            f"{section.source}: HTTP {answer.status} from {answer.url}", f"check rates.{section.source}_url"
        )
    return answer.body
