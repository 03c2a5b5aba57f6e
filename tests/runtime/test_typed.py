# ruff: noqa: PT017 - what is refused and how is one property
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, Optional, TypedDict, Union
from uuid import UUID

import msgspec
import orjson
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import NotRequired

from wherry import typed
from wherry.conversion import UnsupportedType
from wherry.errors import InvocationFailed, PayloadError
from wherry.payload_faults import type_name

JSON = [("Content-Type", "application/json")]
Sku = NewType("Sku", str)
CANARY = "s3cr3t-canary"


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Labels(TypedDict):
    shop: str
    note: NotRequired[str]


class Struct(msgspec.Struct):
    name: str
    price: float = 0.0
    inner: Optional["Struct"] = None


class Model(pydantic.BaseModel):
    name: str
    price: float = 0.0
    tags: list[int] = []


@dataclass
class Item:
    sku: Sku
    price: float
    count: int = 1


@dataclass
class Order:
    id: UUID
    items: list[Item]
    at: datetime | None = None
    colour: Colour = Colour.RED
    kind: Literal["new", "old", 3] = "new"
    labels: Labels | None = None
    totals: dict[int, Decimal] = field(default_factory=dict)
    pair: tuple[int, str] = (0, "")
    path: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()
    parent: Optional["Order"] = None
    either: Union[Item, int, str, None] = None  # noqa: UP007 - the older form is to be read too
    struct: Struct | None = None
    model: Model | None = None
    anything: Any = None


WHOLE = {
    "id": "00000000-0000-0000-0000-000000000001",
    "items": [
        {"sku": "a", "price": 1, "unknown": "ignored"},
        {"sku": "b", "price": 2.5, "count": 3},
    ],
    "at": "2026-01-02T03:04:05.5Z",
    "colour": 1,
    "kind": 3,
    "labels": {"shop": "x", "unknown": 1},
    "totals": {"7": "1.50", "8": 2},
    "pair": [1, "x"],
    "path": ["a", "b"],
    "seen": ["a", "a"],
    "parent": {"id": "00000000-0000-0000-0000-000000000002", "items": []},
    "either": {"sku": "c", "price": 0},
    "struct": {"name": "n", "inner": {"name": "m"}},
    "model": {"name": "n", "tags": [1]},
    "anything": [{"x": None}],
}


def read(kind, value):
    return typed.decoder_of(kind).from_json(orjson.dumps(value))


def faults(kind, value):
    with pytest.raises(PayloadError) as caught:
        read(kind, value)
    assert caught.value.problem.status == 422
    return [tuple(each.values()) for each in caught.value.errors]


def test_a_whole_order():
    order = read(Order, WHOLE)
    assert order.id == UUID(int=1)
    assert order.items == [Item("a", 1.0, 1), Item("b", 2.5, 3)]
    assert type(order.items[0].price) is float
    assert order.at == datetime(2026, 1, 2, 3, 4, 5, 500_000, timezone.utc)
    assert (order.colour, order.kind) == (Colour.ONE, 3)
    assert order.labels == {"shop": "x"}
    assert order.totals == {7: Decimal("1.50"), 8: Decimal(2)}
    assert (order.pair, order.path, order.seen) == ((1, "x"), ("a", "b"), {"a"})
    assert order.parent.items == []
    assert order.either == Item("c", 0.0)
    assert order.struct.inner.name == "m"
    assert order.model.tags == [1]


def test_every_fault_is_told_with_its_place_and_no_value():
    broken = {
        **WHOLE,
        "id": CANARY,
        "items": [{"price": CANARY}, CANARY, {"sku": 1, "price": 1, "count": 1.5}],
        "at": CANARY,
        "colour": CANARY,
        "kind": True,
        "labels": {"note": 1},
        "totals": {"x": "1", "7": CANARY},
        "pair": [1],
        "parent": [CANARY],
        "either": [CANARY],
        "struct": {"name": 1},
        "model": {"name": 1, "tags": [CANARY]},
    }
    with pytest.raises(PayloadError) as caught:
        read(Order, broken)
    assert CANARY.encode() not in caught.value.problem.body()
    found = {each["path"]: (each["expected"], each["got"]) for each in caught.value.errors}
    assert found == {
        "/id": ("UUID", "str"),
        "/items/0/sku": ("Sku", "nothing"),
        "/items/0/price": ("float", "str"),
        "/items/1": ("Item", "str"),
        "/items/2/sku": ("str", "int"),
        "/items/2/count": ("int", "float"),
        "/at": ("datetime", "str"),
        "/colour": ("one of 'red', 1", "str"),
        "/kind": ("one of 'new', 'old', 3", "bool"),
        "/labels/shop": ("str", "nothing"),
        "/labels/note": ("str", "int"),
        "/totals/x": ("int", "str"),
        "/totals/7": ("Decimal", "str"),
        "/pair": ("tuple[int, str]", "list"),
        "/parent": ("Order", "list"),
        "/either": ("Item | int | str | null", "list"),
        "/struct/name": ("str", "int"),
        "/model/name": ("string_type", "int"),
        "/model/tags/0": ("int_parsing", "str"),
    }


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (int, True, "int"),
        (int, 1.0, "int"),
        (int, "1", "int"),
        (float, "1", "float"),
        (bool, 1, "bool"),
        (str, 1, "str"),
        (date, "2026-1-2", "date"),
        (date, "20260102", "date"),
        (date, "2026-01-02T00:00:00", "date"),
        (time, "25:00:00", "time"),
        (datetime, "2026-01-02", "datetime"),
        (datetime, "2026-02-30T00:00:00Z", "datetime"),
        (Decimal, "NaN", "Decimal"),
        (bytes, "no base64!", "bytes"),
        (UUID, "1", "UUID"),
        (type(None), 1, "null"),
    ],
)
def test_scalars_are_strict(kind, value, expected):
    assert faults(list[kind] if kind is not type(None) else list[None], [value]) == [
        ("/0", expected, type_name(value))
    ]


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        (date, "2026-01-02", date(2026, 1, 2)),
        (time, "03:04:05.25", time(3, 4, 5, 250_000)),
        (datetime, "2026-01-02t03:04:05", datetime(2026, 1, 2, 3, 4, 5)),  # noqa: DTZ001
        (
            datetime,
            "2026-01-02T03:04:05.123456789+01:00",
            datetime(2026, 1, 2, 3, 4, 5, 123456, timezone(timedelta(hours=1))),
        ),
        (bytes, "YWI=", b"ab"),
        (Decimal, 0.1, Decimal("0.1")),
        (int | float, 3, 3),
        (float | int, 3, 3),
        (Annotated[int, "note"], 3, 3),
        (object, [1], [1]),
    ],
)
def test_scalars_are_read(kind, value, made):
    (found,) = read(list[kind], [value])
    assert found == made
    assert type(found) is type(made)


@pytest.mark.parametrize("kind", [Sequence[int], list[int], Mapping[str, int], dict])
def test_containers(kind):
    value = {"a": 1} if kind in (Mapping[str, int], dict) else [1]
    assert read(kind, value) == value
    assert faults(kind, "text")[0][0] == ""


def test_pointers_are_escaped():
    assert faults(dict[str, int], {"a/b~c": "x"}) == [("/a~1b~0c", "int", "str")]


def test_faults_are_bounded():
    assert len(faults(list[int], ["x"] * 1000)) == 100


def test_integers_of_any_size_are_exact():
    assert read_text(list[int], b"[123456789012345678901234567890]") == [
        123456789012345678901234567890
    ]


def read_text(kind, text):
    return typed.decoder_of(kind).from_json(text)


KINDS = [Item, Labels, Struct, Model, list[Item], list[Struct], list[Model], dict, list]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"",
        b"\xff",
        b'{"a": NaN}',
        b"[Infinity]",
        b"nul",
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"[" + b"9" * 5000 + b"]",
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\\ud800"}',
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_json_is_a_400(kind, text):
    with pytest.raises(PayloadError) as caught:
        read_text(kind, text)
    assert caught.value.problem.status == 400


@pytest.mark.parametrize("kind", [list, dict, Struct, Model], ids=str)
def test_depth_64_is_fine_where_the_type_is(kind):
    text = b"[" * 64 + b"]" * 64
    if kind is list:
        read_text(kind, text)
    else:
        with pytest.raises(PayloadError) as caught:
            read_text(kind, text)
        assert caught.value.problem.status == 422


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, ("/name", "a value", "nothing")),
        ({"name": 1}, ("/name", "str", "int")),
        ({"name": "x", "price": CANARY}, ("/price", "float", "str")),
        ({"name": "x", "inner": {"name": "x", "inner": 1}}, ("/inner/inner", "dict | null", "int")),
        ([1], ("", "dict", "list")),
    ],
)
def test_msgspecs_faults_have_our_shape(value, expected):
    assert faults(Struct, value) == [expected]
    assert faults(list[Struct], [value])[0][0] == "/0" + expected[0]


def test_pydantics_faults_have_our_shape():
    found = faults(Model, {"price": CANARY, "tags": ["1", CANARY, None]})
    assert found == [
        ("/name", "missing", "nothing"),
        ("/price", "float_parsing", "str"),
        ("/tags/1", "int_parsing", "str"),
        ("/tags/2", "int_type", "null"),
    ]
    assert faults(list[Model], [7]) == [("/0", "model_type", "int")]


class Guarded(pydantic.BaseModel):
    name: str

    @pydantic.field_validator("name")
    @classmethod
    def check(cls, value):
        raise ValueError(f"no {value}")


@dataclass
class Positive:
    n: int

    def __post_init__(self):
        if self.n < 0:
            raise ValueError(f"{CANARY} {self.n}")
        if self.n == 0:
            raise RuntimeError("a bug of the user's own")


def test_a_validators_words_are_not_repeated(reply_of):
    assert faults(Guarded, {"name": CANARY}) == [("/name", "value_error", "str")]
    assert faults(Positive, {"n": -1}) == [("", "a valid Positive", "dict")]


def test_a_validators_bug_is_the_handlers(reply_of):
    def handle(value: Positive):
        return "x"

    with pytest.raises(InvocationFailed):
        reply_of(handle, headers=JSON, body=b'{"n": 0}')


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON; Charset="UTF-8"', 200),
        ("application/vnd.acme+json", 200),
        ("text/json", 200),
        (None, 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
def test_content_types(reply_of, content_type, status):
    def handle(item: Item):
        return item

    headers = [] if content_type is None else [("Content-Type", content_type)]
    body = b'{"sku": "a", "price": 1}'
    if status == 200:
        assert reply_of(handle, headers=headers, body=body).status == 200
        return
    with pytest.raises(PayloadError) as caught:
        reply_of(handle, headers=headers, body=body)
    assert caught.value.problem.status == status


def test_an_empty_body(reply_of):
    def wants(item: Item): ...

    def may_do_without(item: Item | None = None):
        return {"item": item}

    with pytest.raises(PayloadError) as caught:
        reply_of(wants)
    assert caught.value.problem.status == 400
    assert reply_of(may_do_without).body == b'{"item":null}'


def test_event_data_is_typed(reply_of):
    from wherry import cloud_event

    @cloud_event
    def handle(item: Item, event):
        return {"sku": item.sku, "id": event.id}

    headers = [*JSON, ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")]
    headers.append(("ce-specversion", "1.0"))
    reply = reply_of(handle, method="POST", headers=headers, body=b'{"sku":"a","price":1}')
    assert reply.body == b'{"sku":"a","id":"1"}'
    with pytest.raises(PayloadError) as caught:
        reply_of(handle, method="POST", headers=headers, body=b'{"sku":"a"}')
    assert caught.value.errors == [{"path": "/price", "expected": "float", "got": "nothing"}]


@pytest.mark.parametrize("kind", [list[complex], dict[str, complex], tuple[complex, int]])
def test_what_json_does_not_have(kind):
    with pytest.raises(UnsupportedType, match="complex"):
        typed.decoder_of(kind)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", [Order, Item, Labels, Struct, Model, list[Item]], ids=str)
@given(value=json_values)
def test_any_json_fits_or_is_a_422(kind, value):
    try:
        read(kind, value)
    except PayloadError as error:
        assert error.problem.status == 422
        assert error.errors
        for each in error.errors:
            assert set(each) == {"path", "expected", "got"}


@pytest.mark.parametrize("kind", [Order, Item, Labels, Struct, Model, dict], ids=str)
@given(text=st.binary() | st.text(alphabet='[]{}",:0123.eE+-truefalsnN ').map(str.encode))
def test_any_bytes_fit_or_are_refused(kind, text):
    try:
        read_text(kind, text)
    except PayloadError as error:
        assert error.problem.status in {400, 422}
