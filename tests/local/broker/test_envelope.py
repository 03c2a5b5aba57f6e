"""What a broker keeps of an event: the same event, whatever way it came."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry.cloudevents import CloudEvent, decode, encode_binary, encode_structured
from wherry.errors import EventError
from wherry_local.broker.envelope import received, structured, with_attributes

texts = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Cn"), max_codepoint=0xFFFD), min_size=1
)
names = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True).filter(
    lambda name: (
        not name.startswith("knative")
        and name
        not in {"data", "specversion", "time", "datacontenttype", "dataschema", "schemaurl"}
    )
)
events = st.builds(
    lambda attributes, data, extensions: CloudEvent({**extensions, **attributes}, data),
    st.fixed_dictionaries({"id": texts, "type": texts, "source": texts}),
    st.one_of(
        st.none(),
        st.recursive(
            st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=5)),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=5,
        ),
    ),
    st.dictionaries(names, st.one_of(texts, st.integers(-(2**31), 2**31 - 1), st.booleans())),
)


def text_of(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


@settings(deadline=None, max_examples=40)
@given(events, st.sampled_from([encode_binary, encode_structured]))
def test_the_same_event_comes_out(event, encode):
    headers, body = encode(event)
    envelope = received([(b"X-Any", b"x"), *headers], body, arrived_at=1.0)
    kept = decode(envelope.headers, envelope.body)
    arrival = kept["knativearrivaltime"]
    assert arrival == "1970-01-01T00:00:01Z"
    said = {name: text_of(value) for name, value in event.wire_attributes().items()}
    if event.payload is not None and "datacontenttype" not in said:
        said["datacontenttype"] = "application/json"
    found = dict(kept.wire_attributes())
    assert found == {**said, "knativearrivaltime": arrival}
    assert kept.data_bytes == event.data_bytes or event.data_bytes == b""
    assert envelope.attributes["id"] == event.id
    assert envelope.ttl is None


@settings(deadline=None, max_examples=40)
@given(events, st.sampled_from([encode_binary, encode_structured]), names, texts)
def test_attributes_are_added_and_nothing_else_changes(event, encode, name, value):
    headers, body = encode(event)
    changed = decode(*with_attributes(headers, body, {name: value}))
    before = dict(decode(headers, body).wire_attributes())
    assert dict(changed.wire_attributes()) == {**before, name: value}
    assert changed.data_bytes == event.data_bytes or event.data_bytes == b""


@settings(deadline=None, max_examples=40)
@given(events)
def test_one_object_is_the_same_event(event):
    headers, body = encode_binary(event)
    envelope = received(headers, body, arrived_at=1.0)
    written, document = structured(envelope.headers, envelope.body)
    assert written[0][1] == b"application/cloudevents+json"
    kept = decode(written, document)
    assert kept.id == event.id
    assert kept.data == event.data or event.data_bytes == b""


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"ce-id", b"Ce-Type", b"content-type", b"ce-specversion", b"x"]),
            st.one_of(
                st.binary(max_size=10),
                st.sampled_from([b"1.0", b"application/cloudevents+json", b"a"]),
            ),
        ),
        max_size=6,
    ),
    st.binary(max_size=50),
)
def test_anything_is_an_event_or_refused(headers, body):
    try:
        received(headers, body, arrived_at=1.0)
    except EventError:
        return


@pytest.mark.parametrize(
    ("said", "ttl"),
    [("255", 255), ("-1", -1), ("x", None), ("", None), ("9" * 400, None), ("1_0", None)],
)
def test_the_ttl_of_an_event(said, ttl):
    headers = [
        (b"ce-specversion", b"1.0"), (b"ce-id", b"1"), (b"ce-type", b"t"), (b"ce-source", b"/s"),
        (b"Ce-KnativeBrokerTTL", said.encode()), (b"ce-knativearrivaltime", b"forged"),
    ]  # fmt: skip
    envelope = received(headers, b"", arrived_at=1.0)
    assert envelope.ttl == ttl
    assert "knativebrokerttl" not in envelope.attributes
    assert [v for n, v in envelope.headers if b"arrival" in n.lower()] == [b"1970-01-01T00:00:01Z"]
