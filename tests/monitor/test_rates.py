"""Yields: read from what FRED and the Treasury send, kept whole or not at all, used only where they are fresh."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import atomic, rates
from monitor.config.model import Pillar, Rates
from monitor.errors import Failure, NoDataError
from pricing.reasons import Flag

AS_OF = datetime(2026, 3, 4, 16, tzinfo=UTC)  # Wednesday 11:00 in New York
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TABLE = {date(2026, 3, 2): {1.0: 3.71, 3.0: 3.64, 24.0: 3.51}, date(2026, 3, 3): {1.0: 3.7, 1.5: 3.69}}
ATOM = "http://www.w3.org/2005/Atom"
DATA = "http://schemas.microsoft.com/ado/2007/08/dataservices"


def treasury(days: dict[str, dict[str, str | None]], *, spaces_on_each: bool = False) -> bytes:
    """Imitate the feed: a `properties` element a day; its older form declares the namespace on every field."""
    declared = f' xmlns:d="{DATA}"'
    on_each, on_feed = (declared, "") if spaces_on_each else ("", declared)
    entries = []
    for day, yields in days.items():
        inner = [f'<d:NEW_DATE{on_each} m:type="Edm.DateTime">{day}T00:00:00</d:NEW_DATE>']
        for name, value in yields.items():
            if value is None:
                inner.append(f'<d:{name}{on_each} m:type="Edm.Double" m:null="true" />')
            else:
                inner.append(f'<d:{name}{on_each} m:type="Edm.Double">{value}</d:{name}>')
        entries.append(
            f'<entry><content type="application/xml"><m:properties>{"".join(inner)}</m:properties></content></entry>'
        )
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="{ATOM}"{on_feed} xmlns:m="{DATA}/metadata">'
    return f"{head}<title>DailyTreasuryYieldCurveRateData</title>{''.join(entries)}</feed>".encode()


# what is sent


@pytest.mark.parametrize("spaces_on_each", [False, True])
def test_the_treasurys_feed_is_read(spaces_on_each):
    days = {
        "2026-03-02": {"BC_1MONTH": "3.71", "BC_3MONTH": "3.64", "BC_2YEAR": "3.51", "BC_30YEAR": "4.6"},
        "2026-03-03": {"BC_1MONTH": "3.70", "BC_1_5MONTH": "3.69", "BC_2MONTH": None, "BC_30YEARDISPLAY": "0"},
    }
    assert rates.parse_treasury(treasury(days, spaces_on_each=spaces_on_each)) == TABLE


def test_a_feed_without_days_is_none():
    assert rates.parse_treasury(treasury({})) == {}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "treasury: the answer begins with ''"),
        (b"<!DOCTYPE html><html>maintenance", "begins with '<!DOCTYPE html><html>maintenance', not with a feed"),
        (treasury({"2026-03-02": {"BC_1MONTH": "N/A"}}), "'N/A' is no yield in per cent"),
        (treasury({"2026-03-02": {"BC_1MONTH": "371"}}), "'371' is no yield"),
        (treasury({"soon": {"BC_1MONTH": "3"}}), "'soonT00:00' is no day"),
    ],
)
def test_what_is_no_feed_is_refused(body, said):
    with pytest.raises(NoDataError, match=said):
        rates.parse_treasury(body)


@pytest.mark.parametrize("header", ["observation_date,DGS1MO", "DATE,DGS1MO", "\ufeffobservation_date,DGS1MO"])
def test_freds_file_is_read(header):
    body = f"{header}\n2026-03-02,3.71\n2026-03-03,.\n2026-03-04,\n2026-03-05,3.7000000000\n".encode()
    assert rates.parse_fred(body, "DGS1MO") == {date(2026, 3, 2): 3.71, date(2026, 3, 5): 3.7}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "fred: the answer for DGS1MO begins with ''"),
        (b"observation_date,DGS3MO\n", "begins with 'observation_date,DGS3MO'"),
        (b"<html>", "begins with '<html>'"),
        (b"DATE,DGS1MO\n2026-03-02,high\n", "'high' is no yield"),
        (b"DATE,DGS1MO\nMonday,3.7\n", "'Monday' is no day"),
        (b"DATE,DGS1MO\n2026-03-02,nan\n", "'nan' is no yield"),
    ],
)
def test_what_is_no_file_of_fred_is_refused(body, said):
    with pytest.raises(NoDataError, match=said):
        rates.parse_fred(body, "DGS1MO")


@given(st.binary(max_size=200))
def test_no_answer_is_met_with_anything_but_a_refusal(body):
    for read in (rates.parse_treasury, lambda each: rates.parse_fred(b"DATE,DGS1MO\n" + each, "DGS1MO")):
        try:
            read(body)
        except NoDataError as error:
            assert str(error).isprintable()  # noqa: PT017 - other errors must escape, and any text may be fine


# asking


def test_the_treasury_is_asked_a_year_at_a_time():
    asked = []

    def ask(url: str) -> bytes:
        asked.append(url)
        return treasury({f"{url[-4:]}-03-02": {"BC_1MONTH": "3.7"}})

    section = Rates(treasury_url="http://t.example/xml")
    table = rates.fetch(section, date(2024, 6, 1), date(2026, 3, 4), ask)
    assert [url[-4:] for url in asked] == ["2024", "2025", "2026"]
    assert asked[0] == "http://t.example/xml?data=daily_treasury_yield_curve&field_tdr_date_value=2024"
    assert sorted(table) == [date(2025, 3, 2), date(2026, 3, 2)]


def test_fred_is_asked_a_series_at_a_time():
    def ask(url: str) -> bytes:
        series = url.partition("id=")[2].partition("&")[0]
        return f"observation_date,{series}\n2026-03-02,3.{len(series)}\n".encode()

    table = rates.fetch(Rates(source="fred"), date(2026, 1, 1), date(2026, 3, 4), ask)
    assert table == {date(2026, 3, 2): {1.0: 3.6, 3.0: 3.6, 6.0: 3.6, 12.0: 3.4, 24.0: 3.4}}


def test_no_yields_of_the_span_is_said():
    with pytest.raises(NoDataError, match="treasury: no yields from 2026-03-01 to 2026-03-04"):
        rates.fetch(Rates(), date(2026, 3, 1), date(2026, 3, 4), lambda _: treasury({}))


def test_a_configured_rate_is_not_fetched():
    with pytest.raises(Failure, match="nothing to fetch"):
        rates.fetch(Rates(source="configured"), date(2026, 3, 1), date(2026, 3, 4), lambda _: b"")


@pytest.mark.parametrize(
    ("kept", "first"), [({}, date(2025, 1, 1)), (TABLE, date(2026, 2, 24)), ({date(2020, 1, 9): {}}, date(2020, 1, 2))]
)
def test_an_update_begins_a_week_before_what_is_kept(kept, first):
    assert rates.first_day(kept, date(2026, 3, 4)) == first


# keeping


def test_what_is_kept_is_read_back(tmp_path):
    path = tmp_path / "below" / "rates-treasury.csv"
    assert rates.read(path) == {}
    assert rates.keep(path, TABLE, url="http://t.example", now=NOW) == 2
    assert rates.read(path) == TABLE
    later = {date(2026, 3, 3): {1.0: 3.5}, date(2026, 3, 4): {6.0: 3.4}}
    assert rates.keep(path, later, url="http://t.example", now=NOW) == 3
    assert rates.read(path) == TABLE | later
    first, header = path.read_text().splitlines()[:2]
    assert first.startswith(
        "# skewwatch rates 1; par yields, per cent a year, by tenor in months; http://t.example; 2026"
    )
    assert header == "date,1,3,6,24"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@given(
    st.dictionaries(
        st.dates(date(1990, 1, 1), date(2099, 1, 1)),
        st.dictionaries(
            st.sampled_from([1.0, 1.5, 3.0, 24.0]), st.integers(-500, 5000).map(lambda n: n / 100), min_size=1
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_table_is_read_back(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("kept") / "rates.csv"
    rates.keep(path, table, url="u", now=NOW)
    assert rates.read(path) == table


DAMAGED = {
    "no mark": "date,1\n2026-03-03,3.7\n",
    "cut short": "# skewwatch rates 1\ndate,1\n2026-03-03,3.",
    "no tenors": "# skewwatch rates 1\nday,1\n",
    "a tenor of words": "# skewwatch rates 1\ndate,one\n",
    "a row too short": "# skewwatch rates 1\ndate,1,3\n2026-03-03,3.7\n",
    "a yield too high": "# skewwatch rates 1\ndate,1\n2026-03-03,371\n",
    "an empty row": "# skewwatch rates 1\ndate,1\n2026-03-03,\n",
    "no ASCII": "# skewwatch rates 1 é\ndate,1\n",
    "empty": "",
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_told_and_never_used(tmp_path, text):
    path = rates.kept_path(tmp_path, "treasury")
    path.write_text(text, "utf-8")
    with pytest.raises(NoDataError, match="skewwatch rates update"):
        rates.read(path)
    chosen = rates.choose(Rates(), tmp_path, AS_OF)
    assert chosen.flags == {Flag.RATES_FALLBACK}
    assert str(path) in chosen.note
    rates.keep(path, TABLE, url="u", now=NOW)
    assert rates.read(path) == TABLE


def test_what_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "rates.csv"
    rates.keep(path, TABLE, url="u", now=NOW)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(Failure, match=r"cannot write .*rates\.csv: no space left on device; free the place"):
        rates.keep(path, {date(2026, 3, 4): {1.0: 3.0}}, url="u", now=NOW)
    assert rates.read(path) == TABLE
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_link_keeps_pointing_at_what_is_replaced(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    atomic.write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_device_is_not_replaced(tmp_path):
    with pytest.raises(Failure, match="it is there and no file"):
        atomic.write(tmp_path, b"")


# choosing


def kept(tmp_path, table):
    rates.keep(rates.kept_path(tmp_path, "treasury"), table, url="u", now=NOW)
    return tmp_path


def test_the_curve_is_that_of_the_last_earlier_day(tmp_path):
    """Simple interest up to half a year, compounded twice a year beyond: METHOD section 5."""
    chosen = rates.choose(Rates(), kept(tmp_path, TABLE), AS_OF - timedelta(days=1))
    assert (chosen.source, chosen.day, chosen.flags) == ("treasury", date(2026, 3, 2), frozenset())
    expected = [12 * math.log(1 + 0.0371 / 12), 4 * math.log(1 + 0.0364 / 4), 2 * math.log(1 + 0.0351 / 2)]
    assert chosen.curve.rates == pytest.approx(expected, abs=1e-15)
    assert chosen.curve.years == pytest.approx([1 / 12, 0.25, 2.0])


def test_a_day_never_uses_its_own_yields_so_that_a_replay_agrees(tmp_path):
    folder = kept(tmp_path, TABLE)
    then = rates.choose(Rates(), folder, AS_OF)
    kept(tmp_path, {date(2026, 3, 4): {1.0: 9.0}, date(2026, 3, 5): {1.0: 9.0}})
    assert rates.choose(Rates(), folder, AS_OF) == then
    assert then.day == date(2026, 3, 3)


def test_the_day_is_new_yorks(tmp_path):
    evening = datetime(2026, 3, 4, 1, tzinfo=UTC)  # still the 3rd in New York
    assert rates.choose(Rates(), kept(tmp_path, TABLE), evening).day == date(2026, 3, 2)


@pytest.mark.parametrize(("days", "fresh"), [(1, True), (7, True), (8, False), (400, False), (-1, False)], ids=str)
def test_old_yields_and_later_ones_are_not_used(tmp_path, days, fresh):
    folder = kept(tmp_path, {date(2026, 3, 4) - timedelta(days=days): {1.0: 3.7}})
    chosen = rates.choose(Rates(flat=0.02), folder, AS_OF)
    if fresh:
        assert chosen.flags == frozenset()
    else:
        assert chosen.flags == {Flag.RATES_FALLBACK}
        assert chosen.curve.rates == (0.02,)
        assert "skewwatch rates update" in chosen.note


def test_nothing_kept_falls_back_to_the_configured_curve(tmp_path):
    section = Rates(curve=(Pillar(years=0.1, rate=0.03), Pillar(years=1.0, rate=0.04)))
    chosen = rates.choose(section, tmp_path, AS_OF)
    assert chosen.flags == {Flag.RATES_FALLBACK}
    assert chosen.curve.years == (0.1, 1.0)
    assert not list(tmp_path.iterdir())


def test_a_rate_that_is_wanted_is_no_fallback(tmp_path):
    folder = kept(tmp_path, TABLE)
    chosen = rates.choose(Rates(source="configured", flat=0.05), folder, AS_OF)
    assert (chosen.curve.rates, chosen.flags, chosen.note) == ((0.05,), frozenset(), "")
