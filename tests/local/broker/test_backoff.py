"""Times between tries: a table of what Knative's code waits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_build.project.specification.eventing import Backoff
from wherry_local.broker.backoff import LONGEST_S, wait_s
from wherry_local.broker.subscription import DeliveryPolicy


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        (Backoff.LINEAR, [0, 0.2, 0.4, 0.6, 0.8]),
        (Backoff.EXPONENTIAL, [0.2, 0.4, 0.8, 1.6, 3.2]),
    ],
)
def test_how_the_time_grows(backoff, waits):
    policy = DeliveryPolicy(backoff=backoff, delay_s=0.2)
    assert [wait_s(policy, n) for n in range(5)] == pytest.approx(waits)


def test_what_counts_where_nothing_is_said():
    policy = DeliveryPolicy()
    assert (policy.retry, policy.backoff, policy.delay_s) == (10, Backoff.EXPONENTIAL, 0.2)


@pytest.mark.parametrize(
    ("bound_s", "status", "said", "expected"),
    [
        (None, 503, "60", 1),
        (30, 503, "20", 20),
        (30, 429, "20", 20),
        (30, 503, "60", 30),
        (30, 500, "20", 1),
        (30, 503, "0", 1),
        (0, 503, "20", 1),
        (30, 503, None, 1),
        (30, 503, "Fri, 31 Dec 1999 23:59:59 GMT", 1),
        (30, 503, "-5", 1),
        (30, 503, "1.5", 1),
        (30, 503, "9" * 400, 1),
    ],
)
def test_retry_after_counts_only_up_to_a_bound_that_is_said(bound_s, status, said, expected):
    policy = DeliveryPolicy(delay_s=1, retry_after_most_s=bound_s)
    assert wait_s(policy, 0, status=status, retry_after=said) == expected


@settings(deadline=None)
@given(
    st.sampled_from(Backoff),
    st.floats(0, 86_400),
    st.integers(0, 1000),
    st.one_of(st.none(), st.text(max_size=20)),
)
def test_no_wait_is_negative_or_without_end(backoff, delay_s, retries, said):
    policy = DeliveryPolicy(backoff=backoff, delay_s=delay_s, retry_after_most_s=1e9)
    assert 0 <= wait_s(policy, retries, status=503, retry_after=said) <= LONGEST_S
