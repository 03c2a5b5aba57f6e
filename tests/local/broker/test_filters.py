"""Filters of triggers: a table of what passes, and the reason of what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.project.specification.eventing import Filter
from wherry_local.broker.filters import compiled

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "type": "com.acme.order.placed",
    "source": "/eu/shop",
    "count": 5,
    "urgent": True,
}


@pytest.mark.parametrize(
    ("said", "clause", "reason"),
    [
        (Filter(exact={"type": "com.acme.order.placed"}), "", ""),
        (
            Filter(exact={"type": "com.acme.order"}),
            "exact.type",
            "type is 'com.acme.order.placed', expected 'com.acme.order'",
        ),
        (
            Filter(exact={"type": "com.acme.order.placed", "source": "/us"}),
            "exact.source",
            "source is '/eu/shop', expected '/us'",
        ),
        (Filter(exact={"count": "5", "urgent": "true"}), "", ""),
        (Filter(exact={"tenant": "a"}), "exact.tenant", "the event has no tenant, expected 'a'"),
        (Filter(exact={"subject": "a"}), "exact.subject", "the event has no subject, expected 'a'"),
        (Filter(exact={"type": "COM.acme.order.placed"}), "exact.type", None),
        (Filter(prefix={"source": "/eu/"}), "", ""),
        (
            Filter(prefix={"source": "/us/"}),
            "prefix.source",
            "source is '/eu/shop', expected it to begin with '/us/'",
        ),
        (Filter(suffix={"type": ".placed"}), "", ""),
        (
            Filter(suffix={"type": ".gone"}),
            "suffix.type",
            "type is 'com.acme.order.placed', expected it to end with '.gone'",
        ),
        (Filter(all=(Filter(prefix={"type": "com."}), Filter(suffix={"type": ".placed"}))), "", ""),
        (
            Filter(all=(Filter(prefix={"type": "com."}), Filter(suffix={"type": ".gone"}))),
            "all[1].suffix.type",
            None,
        ),
        (Filter(any=(Filter(exact={"id": "2"}), Filter(exact={"id": "1"}))), "", ""),
        (
            Filter(any=(Filter(exact={"id": "2"}), Filter(prefix={"id": "3"}))),
            "any",
            (
                "none holds; [0].exact.id: id is '1', expected '2'; "
                "[1].prefix.id: id is '1', expected it to begin with '3'"
            ),
        ),
        (Filter(not_=Filter(exact={"subject": "a"})), "", ""),
        (Filter(not_=Filter(exact={"id": "1"})), "not", "what it excludes holds"),
        (Filter(cesql="type LIKE '%.placed' AND count > 3"), "", ""),
        (
            Filter(cesql="type LIKE '%.placed' AND count > 7"),
            "cesql",
            "`count > 7` is false: count is 5",
        ),
        (Filter(cesql="id = '2' OR EXISTS tenant"), "cesql", None),
        (
            Filter(cesql="tenant = 'a'"),
            "cesql",
            "the event has no attribute 'tenant', in `tenant`",
        ),
        (Filter(cesql="count"), "cesql", "it is 5, and no boolean"),
        (Filter(cesql="NOT urgent"), "cesql", "`NOT urgent` is false: urgent is true"),
        (Filter(cesql="FALSE"), "cesql", "`FALSE` is false"),
        (Filter(cesql="'false' AND urgent"), "cesql", "`'false'` is false"),
        (Filter(cesql="urgent XOR TRUE"), "cesql", "`urgent XOR TRUE` is false: urgent is true"),
        (
            Filter(cesql="LENGTH(id) = 2"),
            "cesql",
            "`LENGTH(id) = 2` is false: LENGTH(id) is 1",
        ),
    ],
)
def test_a_filter_and_its_reason(said, clause, reason):
    verdict = compiled([said])(EVENT)
    assert verdict.passes is (clause == "")
    assert verdict.clause == (f"filters[0].{clause}" if clause else "")
    if reason is not None:
        assert verdict.reason == reason


def test_neither_side_of_an_or_is_told_with_both():
    verdict = compiled([Filter(cesql="id = '2' OR EXISTS tenant")])(EVENT)
    assert verdict.reason == "neither: `id = '2'` is false: id is '1'; `EXISTS tenant` is false"


def test_all_filters_must_hold_and_none_is_every_event():
    assert compiled([])(EVENT).passes
    verdict = compiled([Filter(exact={"id": "1"}), Filter(exact={"id": "2"})])(EVENT)
    assert verdict.clause == "filters[1].exact.id"


def test_a_long_value_is_cut():
    verdict = compiled([Filter(exact={"id": "x" * 1000})])({**EVENT, "id": "y" * 1000})
    assert len(verdict.reason) < 200


leaves = st.one_of(
    st.builds(
        lambda dialect, name, value: Filter(**{dialect: {name: value}}),
        st.sampled_from(["exact", "prefix", "suffix"]),
        st.sampled_from(["type", "id", "tenant"]),
        st.sampled_from(["a", "ab", "b", "1"]),
    ),
    st.builds(
        lambda text: Filter(cesql=text),
        st.sampled_from(["type = 'a'", "EXISTS tenant", "id LIKE '%b'", "tenant = 'a'", "id"]),
    ),
)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda some: Filter(all=tuple(some)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda some: Filter(any=tuple(some)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda one: Filter(not_=one), inner),
    ),
    max_leaves=6,
)
events = st.fixed_dictionaries(
    {"type": st.sampled_from(["a", "ab", "b"]), "id": st.sampled_from(["1", "b", "ab"])},
    optional={"tenant": st.sampled_from(["a", "ab"])},
)


def holds(said, event):
    """The same, by its definition and without a reason."""
    if said.all:
        return all(holds(each, event) for each in said.all)
    if said.any:
        return any(holds(each, event) for each in said.any)
    if said.not_ is not None:
        return not holds(said.not_, event)
    for wanted, test in (
        (said.exact, str.__eq__),
        (said.prefix, str.startswith),
        (said.suffix, str.endswith),
    ):
        if wanted:
            return all(name in event and test(event[name], wanted[name]) for name in wanted)
    return {
        "type = 'a'": event["type"] == "a",
        "EXISTS tenant": "tenant" in event,
        "id LIKE '%b'": event["id"].endswith("b"),
        "tenant = 'a'": event.get("tenant") == "a",
        "id": False,
    }[said.cesql]


@given(filters, events)
def test_it_is_as_its_definition_and_a_no_has_a_reason(said, event):
    verdict = compiled([said])(event)
    assert verdict.passes is holds(said, event)
    assert verdict.passes or (verdict.clause.startswith("filters[0].") and verdict.reason)
