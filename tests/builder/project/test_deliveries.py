"""What a trigger and its broker say of deliveries, together."""

import pytest

from wherry_build.project.deliveries import USUAL, together
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.eventing import Backoff, DeadLetter, Delivery

SECOND = Duration(milliseconds=1000)
LETTERS = DeadLetter(function="letters")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((), USUAL),
        ((None, None), USUAL),
        ((Delivery(), None), USUAL),
        ((Delivery(retry=0), None), Delivery(retry=0)),
        ((Delivery(retry=0, delay=SECOND), None), Delivery(retry=0, delay=SECOND)),
        (
            (Delivery(timeout=SECOND), Delivery(retry=2, delay=SECOND, dead_letter=LETTERS)),
            Delivery(
                retry=2,
                backoff=Backoff.EXPONENTIAL,
                delay=SECOND,
                timeout=SECOND,
                dead_letter=LETTERS,
            ),
        ),
        (
            (Delivery(retry=1, backoff=Backoff.LINEAR), Delivery(retry=9, delay=SECOND)),
            Delivery(retry=1, backoff=Backoff.LINEAR, delay=SECOND),
        ),
    ],
)
def test_what_is_said_first_counts(said, expected):
    assert together(*said) == expected
