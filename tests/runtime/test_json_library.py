"""JSON that is read before orjson is there: it means what orjson says, or is left to it."""

from __future__ import annotations

import json
import subprocess
import sys

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry import json_library

TEXTS = [
    b'{"order":"A-1042","parts":[19,23],"total":42,"ok":true,"none":null}',
    b' [1, -2.5, 1e5, "text", {}] ', '"\u2028 \U0001f600"'.encode(), b'{"a":1,"b":2,"a":3}',
    b"-0", b"-0.0", b"1E400", b"1.7976931348623159e308", b"1e-400", b"5e-324",
    b"999999999999999999", b"9223372036854775807", b"18446744073709551615",
    b"18446744073709551616", b"-9223372036854775809", b"123456789012345678901234567890.5",
    b"NaN", b"[Infinity]", b"-Infinity",
    rb'"\ud800"', rb'"\ud83d\ude00"', rb'"\n\/\u0000"', rb'"\x"',
    b"\xef\xbb\xbf1", b"\x0b1", b"\xc2\xa01", b'"\x7f"', b'"\x1f"', b"\xff", b'"\xed\xa0\x80"',
    b"[1,]", b"01", b"1.", b".5", b"+1", b"1e", b"1 2", b"1\x00", b"", b" ", b"nul",
    b"[" * 500 + b"]" * 500, b"[" * 1200 + b"]" * 1200,
]  # fmt: skip


def is_agreed(text: bytes) -> bool:
    """Whether what is read early is what orjson reads, to types and the order of members."""
    try:
        early = json_library.read_early(text)
    except ValueError:
        return True
    return repr(early) == repr(orjson.loads(text))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:24]))
def test_a_text_has_one_meaning(text: bytes):
    assert is_agreed(text)


@given(st.binary() | st.text(alphabet='0123456789-+.eE{}[]:," nultrfasNI').map(str.encode))
def test_any_bytes_have_one_meaning(text: bytes):
    assert is_agreed(text)


numbers = st.integers() | st.floats()
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_any_value_has_one_meaning(value: object):
    assert is_agreed(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def test_an_ordinary_document_is_read_early():
    assert json_library.read_early(TEXTS[0]) == orjson.loads(TEXTS[0])


def test_orjson_is_imported_for_what_is_left_to_it():
    code = (
        "import sys\nfrom wherry import json_library as j\n"
        "assert j.loads(b'[1]') == [1] and 'orjson' not in sys.modules\n"
        "try: j.loads(b'[1')\n"
        "except j.JSONDecodeError as error: import orjson; assert type(error) is orjson."
        "JSONDecodeError\n"
        "assert j.loads is orjson.loads and j.dumps is orjson.dumps\n"
        "print('done')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_it_has_no_other_names():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        json_library.nothing  # noqa: B018
