"""Whatever an object holds, the schemas have something to say or nothing: they never raise."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from wherry_build.lint.run import lint
from wherry_build.lint.schemas.catalogue import Schemas
from wherry_build.lint.source import read_text

ANY = {
    "type": "object",
    "properties": {
        "a": {"type": "integer", "format": "int32", "minimum": 1},
        "b": {"type": "string", "format": "date-time", "pattern": "^2", "nullable": True},
        "c": {
            "type": "array",
            "items": {"x-kubernetes-int-or-string": True},
            "x-kubernetes-list-type": "set",
            "x-kubernetes-validations": [{"rule": "self.all(x, x != 1)"}],
        },
        "d": {
            "type": "object",
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
            "properties": {"a": {"type": "number"}, "b": {"enum": ["x"], "type": "string"}},
            "x-kubernetes-validations": [{"rule": "!has(self.a) || self.a > 0.5"}],
        },
        "e": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 1}},
    },
    "x-kubernetes-validations": [{"rule": "self.a == oldSelf.a"}, {"rule": "size(self.b) > 1"}],
}
SCHEMAS = Schemas(
    served={("acme.example/v1", "Ferry"): {"type": "object", "properties": {"spec": ANY}}}
)
NAMES = st.sampled_from("abcdexyz")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["2026-11-23T06:00:00Z", "x", ""])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)  # patterns and rules are compiled at their first use
@example({"b": "\U00010000"}, {"name": "\ud800"})
@example({"b": "\ud800"}, None)
@given(VALUES, VALUES)
def test_nothing_makes_them_raise(spec, metadata):
    item = {"apiVersion": "acme.example/v1", "kind": "Ferry", "metadata": metadata, "spec": spec}
    found = lint(read_text(json.dumps(item)), select=["SCH"], schemas=SCHEMAS)
    assert {each.rule for each in found} <= {"SCH001", "SCH002", "SCH004"}
    assert all("\n" not in each.message for each in found)
