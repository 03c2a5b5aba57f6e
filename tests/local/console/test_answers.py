"""The last calls are kept, and no more than fit."""

from wherry_local.console.answers import Answered, Answers
from wherry_local.console.api import Invocation, Invoked


def answered(call_id, length=10):
    invoked = Invoked(status=200, headers=[], body=b"x" * length, took_s=0.1)
    made = Invocation(
        function="f",
        namespace="openfaas-fn",
        method="POST",
        path="/",
        query="",
        headers=[],
        body=b"",
        call_id=call_id,
    )
    return Answered(fields={}, invocation=made, invoked=invoked, fault="", at=0.0)


def kept(answers):
    return [n for n in range(10) if answers.find(f"c-{n}")]


def test_by_count():
    answers = Answers(most=3)
    for n in range(5):
        answers.keep(answered(f"c-{n}"))
    assert kept(answers) == [2, 3, 4]


def test_by_size():
    answers = Answers(most_bytes=25)
    for n in range(4):
        answers.keep(answered(f"c-{n}"))
    assert kept(answers) == [2, 3]


def test_one_that_is_too_large_stays_until_the_next():
    answers = Answers(most_bytes=25)
    answers.keep(answered("c-1"))
    answers.keep(answered("c-2", 1000))
    assert kept(answers) == [2]
    answers.keep(answered("c-3"))
    assert kept(answers) == [3]
