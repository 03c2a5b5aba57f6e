"""What an answer means to a broker, status by status."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry import Drop, Retry
from wherry_local.broker.judgement import (
    NO_EVENT,
    Judgement,
    Verdict,
    judged,
    step,
    unanswered,
)
from wherry_local.broker.subscription import DeliveryPolicy
from wherry_local.proxy.message import Fault, Inbound
from wherry_local.queue.delivery import State

AGAIN = {404, 408, 409, 429, *range(500, 600)}
EVENT = [
    (b"ce-specversion", b"1.0"),
    (b"ce-id", b"1"),
    (b"ce-type", b"t"),
    (b"ce-source", b"/s"),
]
DOCUMENT = b'{"specversion":"1.0","id":"1","type":"t","source":"/s"}'


def expected(status):
    if 200 <= status < 300:
        return Verdict.TAKEN
    return Verdict.AGAIN if status in AGAIN else Verdict.NEVER


@pytest.mark.parametrize("wants_reply", [True, False])
def test_every_status(wants_reply):
    for status in range(200, 600):
        found = judged(Inbound(status=status), wants_reply=wants_reply)
        assert found.verdict is expected(status), status
        assert found.status == status
        assert (found.reason == "") is (found.verdict is Verdict.TAKEN)


@pytest.mark.parametrize(
    ("status", "headers", "body", "verdict", "counted"),
    [
        (200, [], b"hello", Verdict.AGAIN, 502),
        (202, [], b"hello", Verdict.AGAIN, 502),
        (204, [(b"content-type", b"text/plain")], b"", Verdict.TAKEN, 204),
        (200, [(b"content-type", b"application/json")], b"{}", Verdict.AGAIN, 502),
        (200, [(b"content-type", b"application/json")], DOCUMENT, Verdict.AGAIN, 502),
        (200, [(b"ce-id", b"1")], b"x", Verdict.AGAIN, 502),
        (200, [(b"ce-id", b"1")], b"", Verdict.TAKEN, 200),
        (200, EVENT[:1], b"", Verdict.AGAIN, 502),
        (200, EVENT[:3], b"", Verdict.AGAIN, 502),
        (200, [(b"content-type", b"application/cloudevents+json")], b"{", Verdict.AGAIN, 502),
        (
            200,
            [(b"content-type", b"application/cloudevents-batch+json")],
            b"[" + DOCUMENT + b"]",
            Verdict.AGAIN,
            502,
        ),
        (404, EVENT, b"", Verdict.AGAIN, 404),
        (422, [(b"content-type", b"application/problem+json")], b"{}", Verdict.NEVER, 422),
        (301, [(b"location", b"/")], b"", Verdict.NEVER, 301),
    ],
)
def test_answers_that_are_no_event(status, headers, body, verdict, counted):
    found = judged(Inbound(status=status, headers=headers, body=body), wants_reply=True)
    assert (found.verdict, found.status, found.reply) == (verdict, counted, None)


def test_a_body_that_is_no_event_is_told_in_words():
    found = judged(Inbound(status=200, body=b"{}"), wants_reply=True)
    assert found.reason == NO_EVENT == "the function's answer has a body that is no CloudEvent"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
@pytest.mark.parametrize(
    ("headers", "body"),
    [(EVENT, b"x"), ([(b"Content-Type", b" Application/CloudEvents+JSON")], DOCUMENT)],
)
def test_a_reply(status, headers, body):
    found = judged(Inbound(status=status, headers=headers, body=body), wants_reply=True)
    assert found.verdict is Verdict.TAKEN
    assert found.reply.id == "1"


def test_202_is_never_a_reply():
    found = judged(Inbound(status=202, headers=EVENT), wants_reply=True)
    assert (found.verdict, found.reply) == (Verdict.TAKEN, None)


@pytest.mark.parametrize("body", [b"", b"hello"])
def test_nobody_looks_at_the_body_of_a_sink(body):
    found = judged(Inbound(status=200, headers=EVENT, body=body), wants_reply=False)
    assert found == Judgement(verdict=Verdict.TAKEN, status=200)


@pytest.mark.parametrize(
    ("fault", "verdict", "status"),
    [
        (Fault.UNREACHABLE, Verdict.AGAIN, 0),
        (Fault.TIMEOUT, Verdict.AGAIN, 0),
        (Fault.TOO_LARGE, Verdict.AGAIN, 502),
        (Fault.REFUSED, Verdict.NEVER, 0),
    ],
)
def test_no_answer(fault, verdict, status):
    found = unanswered(fault, "why")
    assert (found.verdict, found.status, found.reason) == (verdict, status, "why")


@pytest.mark.parametrize(
    ("outcome", "verdict"), [(Retry(), Verdict.AGAIN), (Drop("no"), Verdict.NEVER)]
)
def test_the_outcomes_of_a_handler_mean_what_they_say(outcome, verdict):
    problem = outcome.problem()
    answer = Inbound(status=problem.status, headers=problem.headers(), body=problem.body())
    assert judged(answer, wants_reply=True).verdict is verdict


@settings(deadline=None)
@given(
    st.integers(200, 599),
    st.integers(0, 50),
    st.integers(0, 1200),
    st.binary(max_size=5),
    st.booleans(),
)
def test_what_follows(status, retry, tries, body, wants_reply):
    policy = DeliveryPolicy(retry=retry)
    judgement = judged(Inbound(status=status, body=body), wants_reply=wants_reply)
    found = step(judgement, policy, tries=tries)
    if judgement.verdict is Verdict.TAKEN:
        assert found.state is State.DELIVERED
    elif judgement.verdict is Verdict.NEVER or tries >= retry:
        assert found.state is State.DEAD
    else:
        assert found.state is State.DUE
        assert found.delay_s > 0


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=20)), max_size=5),
    st.binary(max_size=50),
    st.sampled_from([b"application/cloudevents+json", b"application/cloudevents", b"text/plain"]),
)
def test_any_answer_is_judged(headers, body, content_type):
    fields = [*headers, (b"ce-specversion", b"1.0"), (b"content-type", content_type)]
    assert judged(Inbound(status=200, headers=fields, body=body), wants_reply=True).status


@settings(deadline=None)
@given(st.integers(0, 20))
def test_tries_in_all_are_one_more_than_retries(retry):
    policy = DeliveryPolicy(retry=retry)
    failed = Judgement(verdict=Verdict.AGAIN, status=500)
    states = [step(failed, policy, tries=n).state for n in range(retry + 1)]
    assert states == [State.DUE] * retry + [State.DEAD]
