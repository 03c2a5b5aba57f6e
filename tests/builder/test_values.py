import copy

import pytest

from wherry_build.values import NO_ENTRIES, frozen, replaced


@frozen(hidden=("password",))
class Login:
    name: str
    password: str = ""


@frozen
class Percentage:
    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number <= 100:
            raise ValueError(f"got {self.number}, expected 0 to 100")


@frozen(kw_only=False)
class Pair:
    left: int
    right: int = 0


def test_what_is_hidden_is_not_shown_and_counts_all_the_same():
    assert "s3cret" not in f"{Login(name='ann', password='s3cret')!r}"
    assert "'ann'" in f"{Login(name='ann')!r}"
    assert Login(name="ann", password="s3cret") != Login(name="ann")


def test_a_value_is_checked_when_it_is_made_and_when_it_is_changed():
    assert Percentage(number=7) == Percentage(number=7)
    with pytest.raises(ValueError, match="got 101"):
        Percentage(number=101)
    with pytest.raises(ValueError, match="got -1"):
        replaced(Percentage(number=7), number=-1)


def test_a_copy_is_checked_too_and_equal():
    assert copy.copy(Percentage(number=7)) == Percentage(number=7)


def test_fields_by_place():
    assert Pair(1, 2) == Pair(left=1, right=2)
    with pytest.raises(TypeError):
        Pair(1, 2, 3)


def test_a_default_that_all_share_cannot_be_changed():
    with pytest.raises(TypeError):
        NO_ENTRIES["a"] = "b"
    assert NO_ENTRIES == {}
