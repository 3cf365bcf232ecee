"""What is said of a snapshot: the words of each state, and never more than the quotes allow."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.view.names import read_ratio
from monitor.view.sentence import Voice, sentence, speaker, title, voice
from pricing.reasons import Cause, Flag, Level
from pricing.snapshot import Measure, Quality
from tests.monitor.snapshots import COMPANION, FLAGGED, HEADLINE, bounded, missing, ratio, snapshot

COSTS = "downside protection costs"
TIMES = "times the implied volatility of"
CLEAR, SHAKY, WIDE = ratio(1.508), ratio(1.508, 0.04, Level.NOISY), ratio(1.508, 0.09, Level.NOISY)


@pytest.mark.parametrize(
    ("headline", "companion", "said"),
    [
        (CLEAR, None, f"IWM: one-month 10 % {COSTS} 1.51 {TIMES} a 10 % upside bet (1.49 to 1.52)."),
        (SHAKY, None, f"IWM: one-month 10 % {COSTS} about 1.51 {TIMES} a 10 % upside bet (1.45 to 1.57, wide quotes)."),
        (
            ratio(1.508, level=Level.EDGE),
            None,
            (
                f"IWM: one-month 10 % {COSTS} 1.51 {TIMES} a 10 % upside bet (1.49 to 1.52); "
                "a target lies a hair beyond the last quoted strike."
            ),
        ),
        (
            WIDE,
            None,
            (
                f"IWM: one-month 5 % {COSTS} 1.22 {TIMES} a 5 % upside bet (1.21 to 1.23); "
                "at 10 % it is 1.37 to 1.64 times, the quotes are too wide to say more."
            ),
        ),
        (
            bounded(1.38),
            None,
            (
                f"IWM: one-month 5 % {COSTS} 1.22 {TIMES} a 5 % upside bet (1.21 to 1.23); "
                "at 10 % it is at least 1.38 times, contracts are offered there, nobody bids."
            ),
        ),
        (
            missing(Cause.LADDER_ENDS),
            ratio(1.221, 0.04, Level.NOISY),
            (
                f"IWM: one-month 5 % {COSTS} about 1.22 {TIMES} a 5 % upside bet (1.17 to 1.27, wide quotes); at 10 % "
                "there is no number, no contract is listed that far out."
            ),
        ),
        (
            bounded(1.38),
            missing(Cause.NO_BRACKET),
            (
                f"IWM: one-month 10 % {COSTS} at least 1.38 {TIMES} a 10 % upside bet: contracts are offered there, "
                "nobody bids."
            ),
        ),
        (
            WIDE,
            bounded(1.1),
            f"IWM: one-month 10 % {COSTS} 1.37 to 1.64 {TIMES} a 10 % upside bet: the quotes are too wide to say more.",
        ),
        (
            missing(Cause.NO_BRACKET),
            missing(Cause.NO_BRACKET),
            (
                "IWM: no price of one-month 10 % downside protection against a 10 % upside bet: "
                "no usable expiries lie on both sides of the tenor."
            ),
        ),
    ],
)
def test_each_state_has_its_words(headline, companion, said):
    assert sentence(snapshot(headline, companion)) == said


def test_doubts_that_the_number_does_not_show_are_said():
    said = sentence(snapshot(**FLAGGED))
    assert said.endswith("(1.49 to 1.52); doubtful, the market is open and the quotes are old.")


def test_flags_that_do_not_degrade_are_not_said():
    assert "doubtful" not in sentence(snapshot(flags=(Flag.STALE,), status=Quality.OK))


def test_without_a_companion_the_headline_speaks_for_itself():
    said = sentence(replace(snapshot(bounded(1.38)), companion=None))
    assert said.startswith("IWM: one-month 10 % downside protection costs at least 1.38 times")


PLACE, REFUSAL = "97th percentile of 252 closes", "no percentile: 41 closes recorded, 79 more needed"


@pytest.mark.parametrize(
    ("headline", "companion", "standing", "ends"),
    [
        (CLEAR, None, PLACE, f"a 10 % upside bet (1.49 to 1.52), {PLACE}."),
        (CLEAR, None, REFUSAL, f"a 10 % upside bet (1.49 to 1.52); {REFUSAL}."),
        (SHAKY, None, PLACE, f"a 10 % upside bet (1.45 to 1.57, wide quotes), {PLACE}."),
        (
            ratio(1.508, level=Level.EDGE),
            None,
            PLACE,
            f"(1.49 to 1.52), {PLACE}; a target lies a hair beyond the last quoted strike.",
        ),
        (
            bounded(1.38),
            None,
            PLACE,
            (
                f"a 5 % upside bet (1.21 to 1.23), {PLACE}; at 10 % it is at least 1.38 times, contracts are offered "
                "there, nobody bids."
            ),
        ),
        (
            bounded(1.38),
            missing(Cause.NO_BRACKET),
            "at least the 90th percentile of 252 closes",
            "contracts are offered there, nobody bids; at least the 90th percentile of 252 closes.",
        ),
    ],
)
def test_the_standing_is_that_of_the_number_that_speaks(headline, companion, standing, ends):
    assert sentence(snapshot(headline, companion), standing=standing).endswith(ends)


@pytest.mark.parametrize(
    ("headline", "companion", "name"),
    [
        (CLEAR, None, HEADLINE),
        (SHAKY, None, HEADLINE),
        (WIDE, None, COMPANION),
        (bounded(1.38), None, COMPANION),
        (WIDE, bounded(1.1), HEADLINE),
        (missing(Cause.NO_BID), missing(Cause.NO_BID), HEADLINE),
    ],
)
def test_who_speaks(headline, companion, name):
    assert speaker(snapshot(headline, companion)) == name


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (None, Voice.MISSING),
        (missing(Cause.NO_QUOTES), Voice.MISSING),
        (bounded(1.2), Voice.BOUNDED),
        (Measure(None, None, None, "ratio", Level.BOUNDED, Cause.NO_BID), Voice.MISSING),
        (ratio(1.5), Voice.CLEAR),
        (ratio(1.5, 0.04, Level.NOISY), Voice.NOISY),
        (ratio(1.5, 0.07, Level.NOISY), Voice.USELESS),
        (Measure(1.5, None, None, "ratio", Level.OK), Voice.CLEAR),
    ],
)
def test_voice(measure, said):
    assert voice(measure, 0.06) is said


@pytest.mark.parametrize(
    ("headline", "companion", "head"),
    [
        (CLEAR, None, "IWM one-month 90/110 skew ratio 1.51 (1.49 to 1.52)"),
        (WIDE, None, "IWM one-month 95/105 skew ratio 1.22 (1.21 to 1.23)"),
        (WIDE, missing(Cause.NO_BID), "IWM one-month 90/110 skew ratio 1.37 to 1.64"),
        (bounded(1.38), missing(Cause.NO_BID), "IWM one-month 90/110 skew ratio at least 1.38"),
        (missing(Cause.NO_BID), missing(Cause.NO_BID), "IWM one-month 90/110 skew ratio: none"),
    ],
)
def test_title_names_the_number_that_speaks(headline, companion, head):
    assert title(snapshot(headline, companion)) == head


@pytest.mark.parametrize(
    ("name", "tenor", "fall", "rise", "pair"),
    [
        ("skew_ratio_30d_90_110", "one-month", "10 %", "a 10 %", "90/110"),
        ("skew_ratio_7d_80_108", "one-week", "20 %", "an 8 %", "80/108"),
        ("skew_ratio_45d_89_111", "45-day", "11 %", "an 11 %", "89/111"),
        ("skew_ratio_30d_1sd", "one-month", "one-sigma", "a one-sigma", "one-sigma"),
    ],
)
def test_names_are_read(name, tenor, fall, rise, pair):
    read = read_ratio(name)
    assert (read.tenor, read.fall, read.rise, read.pair) == (tenor, fall, rise, pair)


def test_another_kind_of_measure_is_refused():
    with pytest.raises(ValueError, match="needed the name of a skew ratio, got 'atm_vol_30d'"):
        read_ratio("atm_vol_30d")


numbers = st.none() | st.floats(0.1, 10)


@given(
    st.builds(Measure, numbers, numbers, numbers, st.just("ratio"), st.sampled_from(Level), st.sampled_from(Cause)),
    st.builds(Measure, numbers, numbers, numbers, st.just("ratio"), st.sampled_from(Level), st.none()),
    st.lists(st.sampled_from(Flag), unique=True).map(tuple),
    st.sampled_from(Quality),
)
def test_a_sentence_is_one_line_about_the_symbol(headline, companion, flags, status):
    one = snapshot(headline, companion, flags=flags, status=status)
    said = sentence(one)
    assert said.startswith("IWM: ")
    assert said.endswith(".")
    assert "\n" not in said
    assert said.isascii()
    assert "None" not in said
    assert "nan" not in said.split()
    assert one.measures[HEADLINE] == headline
