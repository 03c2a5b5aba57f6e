"""Frozen values: what a dataclass would have promised."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

from wherry.values import frozen, replaced


@frozen
class Point:
    x: int
    y: int = 2

    def sum(self) -> int:
        return self.x + self.y


@frozen(kw_only=False)
class Pair:
    left: object
    right: object = None


def test_fields_are_given_by_name_and_have_defaults():
    assert (Point(x=1).x, Point(x=1).y, Point(y=5, x=4).sum()) == (1, 2, 9)


def test_fields_are_given_by_place_where_the_class_says_so():
    assert (Pair(1).left, Pair(1).right, Pair(1, right=3).right) == (1, None, 3)


@pytest.mark.parametrize(
    "make",
    [
        Point,
        lambda: Point(1),
        lambda: Point(x=1, z=3),
        lambda: Point(y=1, z=3),
        Pair,
        lambda: Pair(1, 2, 3),
        lambda: Pair(1, left=1),
    ],
)
def test_other_fields_are_refused(make):
    with pytest.raises(TypeError, match="expected"):
        make()


def test_nothing_can_be_assigned_or_deleted():
    point = Point(x=1)
    for change in (lambda: setattr(point, "x", 2), lambda: setattr(point, "z", 2)):
        with pytest.raises(AttributeError):
            change()
    with pytest.raises(AttributeError):
        del point.x
    assert point.x == 1


def test_values_are_equal_by_content_within_their_class():
    assert Point(x=1) == Point(x=1, y=2)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Pair(1, 2)
    assert len({Point(x=1), Point(x=1)}) == 1


def test_a_value_shows_its_name_and_fields():
    assert repr(Pair("a")) == "Pair(left='a', right=None)"
    assert (Pair.__name__, Pair.__qualname__, Pair.__module__) == ("Pair", "Pair", __name__)


def test_a_copy_may_differ():
    assert replaced(Point(x=1), y=7) == Point(x=1, y=7)
    with pytest.raises(TypeError):
        replaced(Point(x=1), z=7)


def test_values_are_copied_and_pickled():
    assert copy.deepcopy(Pair([1])) == Pair([1])
    assert pickle.loads(pickle.dumps(Point(x=1))) == Point(x=1)


def test_a_start_makes_no_dataclass():
    """Each would be written and compiled anew in every process."""
    server = "wherry.serving.server, wherry.serving.mounts, wherry.serving.leader"
    events = "wherry.cloudevents, wherry.event_invocation"
    code = f"import dataclasses; dataclasses.dataclass = None; import {server}, {events}"
    subprocess.run([sys.executable, "-c", code], check=True)
