"""Build secrets open for the key that they were sealed for, and for no other."""

import base64
import os

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builder.remote.client import seal

from wherry_build.errors import KeyFileInvalid, RemoteBuildRefused
from wherry_build.remote.sealing import SealingKey

KEY = SealingKey.generate()
VALUES = {
    "pip_token": b"s3cr3t",
    "ca.crt": b"-----BEGIN CERTIFICATE-----\nMIIB+w==\n-----END CERTIFICATE-----\n",
    "null_bytes": bytes([0, 0, 255, 0, 254]),
    "empty": b"",
}


def test_a_round_trip():
    assert KEY.unseal(seal(KEY.public, VALUES)) == VALUES


@settings(max_examples=25)
@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
                       st.binary(max_size=300), max_size=4))  # fmt: skip
def test_any_secrets(values):
    # Quoted as a YAML writer does it: `1e3`, `null` and `on` are names, too.
    lines = seal(KEY.public, {str(n): value for n, value in enumerate(values.values())})
    document = yaml.safe_load(lines)
    said = list((document["secrets"] or {}).values())
    document["secrets"] = dict(zip(values, said, strict=True))
    assert KEY.unseal(yaml.safe_dump(document).encode()) == values


def test_a_key_is_called_as_faas_cli_calls_it():
    # From the page of OpenFaaS about build secrets.
    known = SealingKey(public="TrZKmwyyTHBflZBF98y/j/2vn8wDZsMkX7yvUUGLUUM=", private="")
    assert known.document() == {
        "key_id": "TrZKmwyy",
        "algorithm": "nacl/box",
        "public_key": "TrZKmwyyTHBflZBF98y/j/2vn8wDZsMkX7yvUUGLUUM=",
    }


def test_a_key_of_a_file():
    again = SealingKey.parse(f"{KEY.private}\n".encode(), source="key")
    assert again == KEY
    assert KEY.private not in repr(KEY)


@pytest.mark.parametrize("content", [b"", b"x", b"AAAA", base64.b64encode(b"x" * 31), b"\xff" * 44])
def test_what_is_no_key(content):
    with pytest.raises(KeyFileInvalid, match=r"key\.txt"):
        SealingKey.parse(content, source="key.txt")


def envelope(**changes):
    document = yaml.safe_load(seal(KEY.public, {"token": b"s3cr3t"}))
    document.update(changes)
    return yaml.safe_dump({key: value for key, value in document.items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "v2"}, "version"),
        ({"version": None}, "version"),
        ({"algorithm": "aes-gcm"}, "algorithm"),
        ({"key_id": "another1"}, "sealed for another key"),
        ({"public_key": "AAAA"}, "public_key"),
        ({"public_key": None}, "public_key"),
        ({"public_key": base64.b64encode(bytes(32)).decode()}, "cannot be opened"),
        ({"secrets": {"token": "AAAA"}}, "cannot be opened"),
        ({"secrets": {"token": base64.b64encode(os.urandom(80)).decode()}}, "cannot be opened"),
        ({"secrets": {"token": "no base64!"}}, "cannot be opened"),
        ({"secrets": {"../token": ""}}, "secrets"),
        ({"secrets": {".hidden": ""}}, "secrets"),
        ({"secrets": {"token": ["x"]}}, "token"),
        ({"secrets": {"token": {"a": "b"}}}, "token"),
    ],
)
def test_what_is_no_envelope_of_ours(changes, said):
    with pytest.raises(RemoteBuildRefused, match=said) as refused:
        KEY.unseal(envelope(**changes).encode())
    assert "s3cr3t" not in refused.value.message


def test_without_a_key_id_the_key_is_tried():
    assert KEY.unseal(envelope(key_id=None).encode()) == {"token": b"s3cr3t"}


def test_another_key_does_not_open_it():
    sealed = seal(KEY.public, {"token": b"s3cr3t"}, key_id="")
    with pytest.raises(RemoteBuildRefused):
        SealingKey.generate().unseal(sealed)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused(content):
    with pytest.raises(RemoteBuildRefused):
        KEY.unseal(content)


def test_a_name_that_is_there_twice_is_refused():
    sealed = seal(KEY.public, {"token": b"s3cr3t"})
    line = sealed.splitlines()[-1]
    with pytest.raises(RemoteBuildRefused):
        KEY.unseal(sealed + line + b"\n")
