"""Which rules run, and in which order findings come."""

import pytest

from wherry_build.errors import LintError
from wherry_build.lint.bundle import Bundle
from wherry_build.lint.run import all_rules, lint
from wherry_build.lint.source import read_text

BROKEN = """\
apiVersion: v1
kind: Service
metadata:
  name: orders
spec:
  selector:
    app: on
  ports:
    - port: 80
"""


def rules_of(reading, **options):
    return [finding.rule for finding in lint(reading, **options)]


def test_findings_come_by_path_line_and_rule():
    assert rules_of(read_text(BROKEN)) == ["K8S014", "K8S010", "K8S009"]


@pytest.mark.parametrize(
    ("select", "ignore", "found"),
    [
        (["K8S010"], [], ["K8S010"]),
        (["K8S"], ["K8S01"], ["K8S009"]),
        (["IST", "K8S014"], [], ["K8S014"]),
        ([], ["K8S"], []),
    ],
)
def test_rules_are_chosen_by_how_they_begin(select, ignore, found):
    assert rules_of(read_text(BROKEN), select=select, ignore=ignore) == found


@pytest.mark.parametrize("name", ["K8S999", "k", ""])
def test_a_rule_that_is_none(name):
    with pytest.raises(LintError, match="there is none"):
        lint(read_text(BROKEN), select=[name])


def test_what_cannot_be_read_is_selected_like_any_other():
    reading = read_text("a: ]\n")
    assert rules_of(reading) == ["LNT001"]
    assert rules_of(reading, ignore=["LNT"]) == []


def test_every_rule_says_what_it_looks_at():
    for rule in all_rules().values():
        assert rule.check.__doc__, rule.id
        assert rule.summary[0].islower() or rule.summary[0] in "`AEHIKLNSTV", rule.id
        assert not rule.summary.endswith("."), rule.id


@pytest.mark.parametrize("text", ["", "null", "[]", "a", "kind: 3", "kind: [a]\napiVersion: {}"])
def test_a_text_of_nothing_gives_nothing(text):
    assert rules_of(read_text(text)) == []


def test_an_alias_to_itself_ends():
    assert rules_of(read_text("apiVersion: v1\nkind: ConfigMap\ndata: &a\n  b: *a\n")) == ["K8S014"]


def test_an_unknown_namespace_is_taken_for_any():
    bundle = Bundle(documents=read_text(BROKEN).documents)
    assert bundle.find("Service", "orders", namespace="shop") is bundle.services[0]
    assert bundle.find("Service", "other") is None
