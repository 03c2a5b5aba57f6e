"""Names are right as a whole, or refused."""

import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_local.deployment import FunctionKey
from wherry_local.gateway import names
from wherry_local.gateway.answers import Refused

CHECKS = (
    names.function_name,
    names.namespace_name,
    names.secret_name,
    names.image_name,
    names.variable_name,
)
ODD = st.text(alphabet=st.sampled_from([*"aB0-._/:@ \n\0\\%~=", "é", "\u2028"]), max_size=20)


@pytest.mark.parametrize("check", CHECKS)
@given(text=st.one_of(st.text(), ODD, st.integers(), st.none(), st.lists(st.text())))
def test_what_passes_is_plain(check, text):
    try:
        passed = check(text)
    except Refused:
        return
    assert passed == text
    assert re.fullmatch(r"[\x21-\x7e]+", passed)
    assert not passed.startswith((".", "-", "/"))


def test_a_refusal_shows_no_more_than_the_beginning():
    with pytest.raises(Refused) as caught:
        names.function_name("\U0001f600" * 100_000)
    assert len(caught.value.message) < 1_000


@given(ODD)
def test_a_secrets_name_is_one_part_of_a_path(text):
    try:
        passed = names.secret_name(text)
    except Refused:
        return
    assert PurePosixPath("/folder", passed).relative_to("/folder").parts == (passed,)
    assert len(passed) <= 200


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hello", FunctionKey("hello", "")),
        ("hello.openfaas-fn", FunctionKey("hello", "openfaas-fn")),
    ],
)
def test_the_namespace_stands_behind_the_last_dot(text, key):
    assert names.key_in_path(text) == key


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a.b.c", "a..b", "A", "a b", "a" * 64])
def test_what_is_no_function_in_a_path_is_refused(text):
    with pytest.raises(Refused):
        names.key_in_path(text)
