import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.image.registry.challenge import parse_challenges


def test_the_challenge_of_a_token_service():
    (found,) = parse_challenges(
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
        'scope="repository:library/python:pull repository:a/b:pull,push"'
    )
    assert found.scheme == "bearer"
    assert found.parameters["realm"] == "https://auth.docker.io/token"
    assert found.scopes == ("repository:library/python:pull", "repository:a/b:pull,push")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('BASIC realm="a, b=\\"c\\""', [("basic", {"realm": 'a, b="c"'})]),
        (
            'Basic realm=x, Bearer realm="y"',
            [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})],
        ),
        ('Negotiate, Bearer REALM = "y"', [("negotiate", {}), ("bearer", {"realm": "y"})]),
        ('Bearer realm="x",realm="y"', [("bearer", {"realm": "x"})]),
        ('Bearer realm="x', [("bearer", {})]),
        ("@@@", []),
    ],
)
def test_the_grammar_of_challenges(text, expected):
    assert [(each.scheme, dict(each.parameters)) for each in parse_challenges(text)] == expected


@given(st.text(alphabet='Bearer realm="\\,=x\t\n\0é', max_size=200) | st.text(max_size=200))
def test_any_text_is_read_to_its_end(text):
    for each in parse_challenges(text):
        assert each.scheme == each.scheme.lower()
