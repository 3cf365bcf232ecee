"""Event days: what a file says, line by line."""

from datetime import date

from monitor.history.events import Event, Refused, around, parse

FILE = """\
# Federal Reserve, meeting calendar
date,event
2026-07-29, FOMC
2026-07-14,CPI
2026-07-14,CPI
29/07/2026,FOMC
2026-08-12,
2026-09-16;not this separator twice, FOMC

"2026-06-17","FOMC"
"""


def test_a_bad_line_is_refused_and_the_rest_goes_on():
    events, refused = parse(FILE)
    assert [(each.on.isoformat(), each.name) for each in events] == [
        ("2026-06-17", "FOMC"),
        ("2026-07-14", "CPI"),
        ("2026-07-29", "FOMC"),
    ]
    assert [each.line for each in refused] == [6, 7, 8]
    assert "29/07/2026" in refused[0].why


def test_semicolons_tabs_and_a_mark_of_byte_order():
    assert parse("\ufeff2026-07-29;FOMC;extra\n")[0] == (Event(date(2026, 7, 29), "FOMC"),)
    assert parse("2026-07-29\tFOMC\n")[0] == (Event(date(2026, 7, 29), "FOMC"),)


def test_a_header_is_one_line():
    assert parse("day,what\nanother,header\n")[1] == (Refused(2, "'another' is not a date like 2026-09-16"),)
    assert parse("") == ((), ())


def test_what_is_near():
    events, _ = parse("2026-07-14,CPI\n2026-07-29,FOMC\n2026-07-23,past\n2026-09-16,FOMC\n")
    near = around(events, "2026-07-24")
    assert [(each.event.name, each.days, each.sessions) for each in near] == [("past", -1, -1), ("FOMC", 5, 3)]
    assert [each.event.name for each in around(events, date(2026, 7, 29))] == ["FOMC"]
    assert around(events, "2026-07-29")[0].days == 0
