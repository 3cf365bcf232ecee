"""What every source and every reader of a shape must do: inherit, say how to make one, get the tests."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import fields, replace
from datetime import UTC

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import ConfigError, Exit, Failure, NoDataError
from monitor.sources import READERS, reader
from monitor.sources.payload import Payload
from monitor.sources.protocol import Source
from pricing.chain import Chain
from pricing.reasons import Flag, Reason

FUZZ = settings(max_examples=60, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])
BAD_VALUES = (
    None,
    "",
    "x",
    "1.5",
    "1_0",
    True,
    [],
    {},
    math.nan,
    math.inf,
    -math.inf,
    -1.0,
    0,
    10**400,
    "IWM261332C00100000",
)
BAD_NAMES = (
    None,
    7,
    "",
    "C",
    "IWM261332C00100000",
    "IWM260230C00100000",
    "IWM260320X00100000",
    "IWM260320C-0100000",
    "IWM260320C00000000",
)
FOREIGN_NAMES = ("SPY260320C00100000", "IWM1260320C00100000", "\ud800\U0001f600")


def total(chain: Chain) -> int:
    return len(chain) + sum(chain.refused.values())


def one_clear_line(failure: Failure) -> None:
    assert str(failure).isprintable()  # a line break is not
    assert failure.hint
    assert failure.code in {Exit.NO_DATA, Exit.USAGE}


def same(one: Chain, other: Chain) -> bool:
    """Compare two chains field by field, NaN equal to NaN."""
    for field in fields(Chain):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, (np.ndarray, float)):
            if not np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f"):
                return False
        elif a != b:
            return False
    return True


class SourceConformance:
    """Tests of one source, which has a chain of IWM. A subclass gives the fixture `source`."""

    @pytest.fixture
    def source(self) -> Source:
        raise NotImplementedError

    @pytest.mark.parametrize("spelled", ["IWM", "iwm", " IWM "])
    def test_fetch_then_parse(self, source, spelled):
        payload = source.fetch(spelled)
        assert payload.symbol == "IWM"
        assert payload.source in READERS
        assert payload.fetched_at.tzinfo is UTC
        chain = source.parse(payload)
        assert (chain.symbol, chain.source, chain.fetched_at) == ("IWM", payload.source, payload.fetched_at)
        assert chain.as_of <= chain.fetched_at
        assert len(chain) > 0

    def test_what_is_archived_gives_the_same_chain(self, source):
        payload = source.fetch("IWM")
        again = Payload.from_sidecar(payload.body, payload.sidecar().encode(), "x")
        assert again == payload
        assert same(source.parse(again), source.parse(payload))
        assert same(reader(payload.source).parse(again), source.parse(payload))

    @pytest.mark.parametrize("symbol", ["../IWM", "", "IWM SPY", "7"])
    def test_what_is_no_symbol(self, source, symbol):
        with pytest.raises(ConfigError) as caught:
            source.fetch(symbol)
        one_clear_line(caught.value)


class VendorConformance(SourceConformance):
    """Tests of a source that has no chain of ZZZZ."""

    def test_a_symbol_that_it_has_not(self, source):
        with pytest.raises(NoDataError) as caught:
            source.fetch("ZZZZ")
        one_clear_line(caught.value)


class ReaderConformance:
    """Tests of one reader. A subclass has a name that pytest collects.

    Attributes
    ----------
    source : str
        Its name in `monitor.sources.READERS`.
    rows : int
        Rows of the good payload, all of them readable contracts.
    """

    source: str
    rows: int

    def good(self) -> Payload:
        """Make a payload of the symbol IWM without any fault."""
        raise NotImplementedError

    def parse(self, payload: Payload) -> Chain:
        return reader(self.source).parse(payload)

    def survives(self, body: bytes) -> Chain | None:
        """Parse a mangled body: a chain that adds up, or one clear line. Anything else is an error of ours."""
        try:
            reader(self.source).describe(body)
            chain = self.parse(replace(self.good(), body=body))
        except Failure as failure:
            one_clear_line(failure)
            return None
        assert len(chain) > 0
        assert all(count > 0 for count in chain.refused.values())
        assert np.isfinite(chain.strike).all()
        assert (chain.strike > 0).all()
        assert not np.isinf(np.concatenate([chain.bid, chain.ask, chain.volume, chain.open_interest])).any()
        assert math.isnan(chain.spot) == (Flag.NO_FEED_SPOT in chain.flags)
        return chain

    def test_every_row_is_a_contract(self):
        chain = self.parse(self.good())
        assert (len(chain), dict(chain.refused)) == (self.rows, {})
        assert (chain.symbol, chain.source) == ("IWM", self.good().source)
        assert chain.as_of <= chain.fetched_at == self.good().fetched_at

    def test_the_same_bytes_give_the_same_chain(self):
        assert same(self.parse(self.good()), self.parse(copy.deepcopy(self.good())))

    def test_a_body_is_recognised_by_its_content(self):
        claim = reader(self.source).describe(self.good().body)
        assert claim is not None
        assert claim.symbol == "IWM"

    def test_another_symbol_is_refused(self):
        with pytest.raises(NoDataError):
            self.parse(replace(self.good(), symbol="SPY"))

    @pytest.mark.parametrize(
        "body",
        [b"", b" \n", b"<!DOCTYPE html><html>busy</html>", b"null", b"[]", b"{}", b"\xff\xfe\x00", b"7", b"[" * 99_999],
    )
    def test_what_is_no_payload_is_one_clear_line(self, body):
        assert self.survives(body) is None

    def test_a_body_that_breaks_off_never_gives_more_than_it_holds(self):
        body = self.good().body
        for end in range(0, len(body), max(1, len(body) // 60)):
            chain = self.survives(body[:end])
            assert chain is None or total(chain) <= self.rows

    def test_a_payload_that_does_not_know_when_it_was_fetched_is_flagged(self):
        chain = self.parse(replace(self.good(), fetched_at_known=False))
        assert Flag.FETCHED_AT_FROM_FEED in chain.flags

    @FUZZ
    @given(st.data())
    def test_flipped_bytes(self, data):
        body = bytearray(self.good().body)
        for _ in range(data.draw(st.integers(1, 6))):
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
        self.survives(bytes(body))


class JsonConformance(ReaderConformance):
    """Tests of a reader of JSON; `rows_of` digs the list of rows out of an answer."""

    name_key: str
    bid_key: str

    def rows_of(self, answer: dict) -> list[dict]:
        raise NotImplementedError

    def answer(self) -> dict:
        return json.loads(self.good().body)

    def mangled(self, answer: dict) -> Chain:
        chain = self.survives(json.dumps(answer).encode())
        assert chain is not None
        assert total(chain) == len(self.rows_of(answer))
        return chain

    @pytest.mark.parametrize("name", [*BAD_NAMES, *FOREIGN_NAMES])
    def test_one_bad_name_costs_one_row(self, name):
        answer = self.answer()
        self.rows_of(answer)[5][self.name_key] = name
        chain = self.mangled(answer)
        assert len(chain) == self.rows - 1
        reason = Reason.UNREADABLE
        if name in FOREIGN_NAMES[:2]:
            reason = Reason.ADJUSTED if name.startswith("IWM1") else Reason.OTHER_ROOT
        assert dict(chain.refused) == {reason: 1}
        assert (Flag.ROWS_REFUSED in chain.flags) == (reason is Reason.UNREADABLE)

    @pytest.mark.parametrize("value", ["x", True, [], {}, "1_0"])
    def test_a_bid_of_another_kind_costs_its_row_and_no_other(self, value):
        answer, good = self.answer(), self.parse(self.good())
        row = self.rows_of(answer)[5]
        row[self.bid_key] = value
        chain = self.mangled(answer)
        assert dict(chain.refused) == {Reason.UNREADABLE: 1}
        del self.rows_of(answer)[5]
        assert same(
            replace(chain, refused=good.refused, flags=good.flags),
            self.parse(replace(self.good(), body=json.dumps(answer).encode())),
        )

    def test_a_missing_bid_costs_its_row(self):
        answer = self.answer()
        del self.rows_of(answer)[5][self.bid_key]
        assert dict(self.mangled(answer).refused) == {Reason.UNREADABLE: 1}

    @pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, 10**400])
    def test_a_bid_that_is_no_number_is_kept_as_none(self, value):
        answer = self.answer()
        self.rows_of(answer)[5][self.bid_key] = value
        chain = self.mangled(answer)
        assert len(chain) == self.rows
        assert np.isnan(chain.bid).sum() == 1

    def test_numbers_in_quotes_are_numbers(self):
        answer = self.answer()
        for row in self.rows_of(answer):
            row[self.bid_key] = str(row[self.bid_key])
        assert same(self.mangled(answer), self.parse(self.good()))

    def test_negative_and_crossed_quotes_are_kept_for_the_arithmetic_to_judge(self):
        answer = self.answer()
        self.rows_of(answer)[0][self.bid_key] = -1.0
        self.rows_of(answer)[1][self.bid_key] = 9_999.0
        chain = self.mangled(answer)
        assert (len(chain), chain.bid.min(), chain.bid.max()) == (self.rows, -1.0, 9_999.0)

    def test_a_contract_that_comes_twice_is_kept_once(self):
        answer = self.answer()
        rows = self.rows_of(answer)
        rows[1] = dict(rows[0])
        assert dict(self.mangled(answer).refused) == {Reason.DUPLICATE: 1}

    def test_rows_of_another_symbol_are_no_chain(self):
        answer = self.answer()
        for row in self.rows_of(answer):
            row[self.name_key] = row[self.name_key].replace("IWM", "SPY")
        assert self.survives(json.dumps(answer).encode()) is None

    @FUZZ
    @given(st.data())
    def test_fields_of_any_kind(self, data):
        """Change, add or delete fields at any depth; what remains adds up."""
        answer = self.answer()
        rows = self.rows_of(answer)
        for _ in range(data.draw(st.integers(1, 5))):
            row = data.draw(st.sampled_from(rows))
            key = data.draw(st.sampled_from(sorted(row)))
            if data.draw(st.booleans()):
                row[key] = data.draw(st.sampled_from(BAD_VALUES))
            elif len(row) > 1:
                del row[key]
        self.mangled(answer)

    @FUZZ
    @given(st.data())
    def test_an_envelope_of_any_kind(self, data):
        answer = self.answer()
        outside = [answer, *(value for value in answer.values() if isinstance(value, dict))]
        for _ in range(data.draw(st.integers(1, 3))):
            part = data.draw(st.sampled_from([part for part in outside if part]))
            key = data.draw(st.sampled_from(sorted(part)))
            if data.draw(st.booleans()):
                part[key] = data.draw(st.sampled_from(BAD_VALUES))
            else:
                del part[key]
        self.survives(json.dumps(answer).encode())
