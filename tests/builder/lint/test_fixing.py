"""What a fix writes: the fault is gone, and every line that it need not touch is as it was."""

import difflib
from pathlib import Path

import pytest

from wherry_build.lint.fixing import fixed
from wherry_build.lint.run import all_rules, lint
from wherry_build.lint.source import read, read_text

EXAMPLES = Path(__file__).parent / "examples"
FIXABLE = [rule.id for rule in all_rules().values() if rule.fix is not None]

ORDERS = """\
# The shop's orders.
---
apiVersion: apps/v1
kind: Deployment      # one pod is enough
metadata:
    name: 'orders'
    namespace: "shop"
    annotations: {commit: 1234e56,   note: "keep"}
spec:
    # replicas come from the autoscaler

    template:
        metadata:
            labels:
                app: orders   # the label
        spec:
            containers:
            -   name: orders
                image: ghcr.io/acme/orders:1.4
                env:
                -   {name: A, value: yes}
            # the proxy
            -   name: envoy
                image: envoyproxy/envoy:v1.38.4
                args: [--concurrency, 1]   # one core
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec:
  selector: {app: orders}
  ports:
    - port: 80       # plain
      targetPort: 8080
    - {port: 8443}
# the end
"""


def changed(text, rule, path="a.yaml"):
    """Lines taken away and lines added by the fixes of one rule."""
    (change,) = fixed(read_text(text, path), select=[rule])
    lines = list(difflib.ndiff(text.splitlines(), change.after.splitlines()))
    return (
        [line[2:].strip() for line in lines if line[0] == "-"],
        [line[2:].strip() for line in lines if line[0] == "+"],
    )


@pytest.mark.parametrize("rule", FIXABLE)
def test_a_fix_puts_its_own_example_right(rule, tmp_path):
    (bad,) = (path for path in (EXAMPLES / rule).iterdir() if path.stem == "bad")
    changes = fixed(read([bad]), select=[rule])
    assert changes
    after = {change.path: change.after for change in changes}
    for file in [bad] if bad.is_file() else sorted(bad.rglob("*.*")):
        (tmp_path / file.name).write_text(after.get(str(file), file.read_text()))
    reading = read([tmp_path])
    assert not reading.unreadable
    assert rule not in {finding.rule for finding in lint(reading)}


def test_a_selector_is_put_before_the_template():
    assert changed(ORDERS, "K8S001") == ([], ["selector:", "matchLabels:", "app: orders"])


def test_a_template_is_given_the_label_that_the_selector_asks_for():
    text = ORDERS.replace(
        "    template:", "    selector: {matchLabels: {tier: 'web'}}\n    template:"
    )
    assert changed(text, "K8S001") == ([], ["tier: 'web'"])


def test_quotes_are_put_where_they_are_missing_and_nowhere_else():
    taken, added = changed(ORDERS, "K8S010")
    assert taken == [
        'annotations: {commit: 1234e56,   note: "keep"}',
        "-   {name: A, value: yes}",
        "args: [--concurrency, 1]   # one core",
    ]
    assert added == [
        'annotations: {commit: "1234e56", note: "keep"}',
        '-   {name: A, value: "yes"}',
        'args: [--concurrency, "1"] # one core',
    ]


def test_ports_are_named_by_what_is_known():
    assert changed(ORDERS, "K8S009") == (
        ["- port: 80       # plain", "- {port: 8443}"],
        ["- name: http", "port: 80       # plain", "- {name: https, port: 8443}"],
    )


def test_all_fixes_together_keep_every_comment_and_leave_nothing_to_fix():
    (change,) = fixed(read_text(ORDERS, "a.yaml"))
    assert {"K8S001", "K8S009", "K8S010", "K8S011"} <= set(change.rules)
    for comment in ("# The shop's orders.\n---\n", "# one pod", "# replicas", "# the label"):
        assert comment in change.after
    for comment in ("# the proxy", "# one core", "# plain", "# the end\n"):
        assert comment in change.after
    assert fixed(read_text(change.after, "a.yaml")) == ()


def test_windows_lines_and_json_stay_what_they_are():
    (change,) = fixed(read_text(ORDERS.replace("\n", "\r\n"), "a.yaml"), select=["K8S001"])
    assert change.after.count("\r\n") == change.after.count("\n") == ORDERS.count("\n") + 3
    text = '{\n  "apiVersion": "v1",\n  "kind": "ConfigMap",\n  "data": {"a": 1}\n}\n'
    (change,) = fixed(read_text(text, "a.json"), select=["K8S010"])
    assert '"a": "1"' in change.after
    assert change.after.startswith('{\n  "apiVersion": "v1",\n')


def test_a_file_with_a_slip_is_left_alone():
    text = ORDERS.replace("name: 'orders'", "name:'orders'").replace("kind: Dep", "kind:Dep")
    reading = read_text(text, "a.yaml")
    assert reading.unreadable
    assert fixed(reading) == ()


def test_what_is_not_selected_is_not_fixed():
    reading = read_text(ORDERS, "a.yaml")
    assert fixed(reading, select=["K8S002"]) == ()
    assert fixed(reading, ignore=["K8S", "IST", "KNA", "ENV"]) == ()


def test_a_bootstrap_inside_a_config_map_is_fixed_in_place():
    inner = (EXAMPLES / "ENV001/bad.yaml").read_text()
    block = "".join(f"    {line}\n".rstrip(" ") for line in inner.splitlines())
    outer = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: proxy  # kept\n  namespace: shop\n"
        f"data:\n  other: 'text'\n  envoy.yaml: |\n{block}"
    )
    (change,) = fixed(read_text(outer, "a.yaml"), select=["ENV001"])
    assert change.after.startswith(outer.partition("envoy.yaml")[0])
    assert "ENV001" not in {each.rule for each in lint(read_text(change.after, "a.yaml"))}
