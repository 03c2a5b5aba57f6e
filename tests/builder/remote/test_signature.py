"""A body is taken with the signature that it was sent with, and with no other."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import KeyFileInvalid, SignatureRefused
from wherry_build.remote.signature import SignatureCheck, payload_secret, sign

SECRET = b"0123456789abcdef"
FOX = b"The quick brown fox jumps over the lazy dog"


def check(signature, body, secret=SECRET):
    checking = SignatureCheck(signature, secret)
    for index in range(0, len(body), 7):
        checking.update(body[index : index + 7])
    checking.finish()


def test_a_known_signature():
    expected = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    assert sign(FOX, b"key") == f"sha256={expected}"
    check(f"sha256={expected}", FOX, b"key")


@given(body=st.binary(max_size=500), secret=st.binary(min_size=1, max_size=80))
def test_what_was_signed_is_taken(body, secret):
    check("sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(), body, secret)


@given(body=st.binary(min_size=1, max_size=200), data=st.data())
def test_one_bit_more_or_less_is_refused(body, data):
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureRefused):
        check(sign(body, SECRET), bytes(changed))


@given(st.text(max_size=100) | st.none())
def test_what_is_no_signature_is_refused_before_the_body(signature):
    with pytest.raises(SignatureRefused, match="X-Build-Signature"):
        SignatureCheck(signature, SECRET)


@pytest.mark.parametrize(
    "change",
    [str.upper, lambda text: text + "\n", lambda text: text.replace("sha256", "sha1"),
     lambda text: text[:-1], lambda text: text + "0", lambda text: " " + text],
)  # fmt: skip
def test_other_forms_are_refused(change):
    with pytest.raises(SignatureRefused):
        check(change(sign(FOX, SECRET)), FOX)


def test_another_secret_is_refused_and_none_is_told():
    with pytest.raises(SignatureRefused) as refused:
        check(sign(FOX, b"another secret of it"), FOX)
    assert "0123456789abcdef" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("blanks", [b"%b", b"%b\n", b"\r\n %b \t\n"])
def test_blanks_around_a_secret_are_trimmed_as_faas_cli_does(blanks):
    assert payload_secret(blanks % SECRET, source="f") == SECRET


@pytest.mark.parametrize("content", [b"", b" \n", b"short\n"])
def test_a_secret_too_short_is_refused_by_name(content):
    with pytest.raises(KeyFileInvalid, match=r"payload\.txt") as refused:
        payload_secret(content, source="payload.txt")
    assert "short" not in refused.value.message
