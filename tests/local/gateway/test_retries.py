"""When a call is tried again."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_local.gateway.answers import Refused
from wherry_local.gateway.retries import PREFIX, RetryRules, retry_rules


def rules(**said):
    return retry_rules({f"{PREFIX}{name}": text for name, text in said.items()})


def test_the_usual_is_that_of_openfaas():
    usual = retry_rules({"topic": "x"})
    assert usual == RetryRules()
    assert (usual.attempts, usual.min_wait_s, usual.max_wait_s) == (10, 10.0, 120.0)
    assert usual.codes == {408, 429, 500, 502, 504}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("250ms", 0.25), ("1m30s", 90), ("1h", 3600), ("7", 7), ("1.5s", 1.5)],
)
def test_times_are_gos_or_seconds(text, seconds):
    assert rules(min_wait=text).min_wait_s == seconds


def test_a_longer_least_wait_moves_the_longest():
    assert rules(min_wait="10m").max_wait_s == 600


def test_codes_are_a_list():
    assert rules(codes="429, 503,500").codes == {429, 503, 500}


@pytest.mark.parametrize(
    "said",
    [
        {"attempts": "0"},
        {"attempts": "-1"},
        {"attempts": "1001"},
        {"attempts": "ten"},
        {"attempts": "\u0661"},
        {"codes": ""},
        {"codes": "99"},
        {"codes": "600"},
        {"codes": "429;500"},
        {"min_wait": "soon"},
        {"min_wait": "-1s"},
        {"min_wait": "1 s"},
        {"max_wait": "25h"},
        {"min_wait": "10s", "max_wait": "1s"},
        {"min_wait": "9" * 400 + "s"},
    ],
    ids=str,
)
def test_what_is_no_rule_is_refused(said):
    with pytest.raises(Refused, match=r"com\.openfaas\.retry"):
        rules(**said)


@given(st.integers(1, 1000), st.floats(0, 600), st.floats(0, 86400))
def test_a_wait_grows_to_its_bound_and_half_of_it_is_chance(tries, least, more):
    said = RetryRules(min_wait_s=least, max_wait_s=least + more)
    base = min(least + more, least * 2 ** min(tries - 1, 40))
    assert base / 2 <= said.delay_s(tries) <= base


@given(st.text(max_size=40))
def test_any_retry_after_gives_a_wait(text):
    assert 0 <= RetryRules().delay_s(1, retry_after=text) <= 3600


def test_retry_after_counts_where_it_is_longer():
    said = RetryRules()
    assert said.delay_s(1, retry_after="30") == 30
    assert said.delay_s(1, retry_after="1") == 10
    assert said.delay_s(1, retry_after="999999") == 3600
    at = datetime.now(tz=timezone.utc) + timedelta(seconds=60)
    assert 50 < said.delay_s(1, retry_after=format_datetime(at, usegmt=True)) <= 60


@given(st.dictionaries(st.sampled_from(["attempts", "codes", "min_wait", "max_wait"]), st.text()))
def test_any_text_is_a_rule_or_is_refused(said):
    try:
        made = rules(**said)
    except Refused:
        return
    assert made.attempts >= 1
    assert made.min_wait_s <= made.max_wait_s
