"""Each part of a route in the Gateway API's words."""

import pytest
from tests.builder.manifests.full_project import full_project

from wherry_build.manifests import Target

REVISIONS = "hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}, plain: {}"
MIXED = "split: [{function: hello, percent: 50}, {function: plain, percent: 50}]"


def test_paths_methods_and_headers(rules):
    (rule,) = rules(
        "function: hello, path: {prefix: /a}, methods: [GET, POST], "
        "headers: {X-A: {exact: b}, x-b: {prefix: c.d}, x-c: {present: true}}"
    )
    headers = [
        {"name": "X-A", "type": "Exact", "value": "b"},
        {"name": "x-b", "type": "RegularExpression", "value": r"^c\.d.*$"},
        {"name": "x-c", "type": "RegularExpression", "value": "^.*$"},
    ]
    path = {"type": "PathPrefix", "value": "/a"}
    assert rule["matches"] == [
        {"path": path, "method": "GET", "headers": headers},
        {"path": path, "method": "POST", "headers": headers},
    ]
    (rule,) = rules("function: hello, path: {exact: /a}")
    assert rule["matches"] == [{"path": {"type": "Exact", "value": "/a"}}]
    (rule,) = rules("function: hello")
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("path: {prefix: /a}", None),
        (
            "path: {prefix: /a}, rewrite: {path: /}",
            {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
        ),
        (
            "path: {exact: /a}, rewrite: {path: /b, host: c.d}",
            {"hostname": "c.d", "path": {"type": "ReplaceFullPath", "replaceFullPath": "/b"}},
        ),
    ],
)
def test_rewriting(rules, said, expected):
    (rule,) = rules(f"function: hello, {said}")
    (found,) = rule.get("filters", [{}])
    assert found.get("urlRewrite") == expected


def test_a_rule_that_takes_a_prefix_away_has_one_match(rules):
    """What the CEL rules of HTTPRoute ask for."""
    found = rules("function: hello, path: {prefix: /a}, methods: [GET, POST], rewrite: {path: /}")
    assert [[match["method"] for match in rule["matches"]] for rule in found] == [["GET"], ["POST"]]
    assert all(rule["filters"] == found[0]["filters"] for rule in found)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", "300s"),
        (", timeout: 500ms", "500ms"),
        (", timeout: 1500ms", "1s500ms"),
        (", timeout: 3599999ms", "3599s999ms"),
        (", timeout: 1h", "3600s"),
    ],
)
def test_times(rules, said, expected):
    (rule,) = rules(f"function: hello{said}")
    assert rule["timeouts"] == {"request": expected}


def test_cors_with_what_a_browser_asks_before(rules):
    (rule,) = rules(
        "function: hello, path: {exact: /a}, methods: [PUT], "
        "cors: {origins: ['*', 'https://a.b'], methods: [PUT], headers: [x-a], "
        "expose_headers: [x-b], credentials: false, max_age: 1m}"
    )
    assert rule["filters"] == [
        {
            "type": "CORS",
            "cors": {
                "allowOrigins": ["*"],
                "allowMethods": ["PUT"],
                "allowHeaders": ["x-a"],
                "exposeHeaders": ["x-b"],
                "maxAge": 60,
                "allowCredentials": False,
            },
        }
    ]
    assert [match["method"] for match in rule["matches"]] == ["PUT", "OPTIONS"]
    assert {each["name"] for each in rule["matches"][1]["headers"]} == {
        "origin", "access-control-request-method",
    }  # fmt: skip


def test_more_origins_than_the_api_lists_are_told(rules, losses):
    origins = ", ".join(f"'https://o{number}.example.com'" for number in range(65))
    said = f"function: hello, cors: {{origins: [{origins}], max_age: 0s}}"
    assert {"routes.r.cors", "routes.r.cors.max_age"} <= losses(said).keys()
    assert "filters" not in rules(said)[0]


def refs(rule):
    return [(each["name"], each["port"], each.get("weight")) for each in rule["backendRefs"]]


def test_revisions_have_services(rules):
    (rule,) = rules("function: hello", functions=REVISIONS)
    assert refs(rule) == [("hello-v1", 80, 90), ("hello-v2", 80, 10)]
    (rule,) = rules(MIXED, functions=REVISIONS)
    assert refs(rule) == [("hello-v1", 80, 45), ("hello-v2", 80, 5), ("plain", 80, 50)]
    (rule,) = rules("function: plain", functions=REVISIONS)
    assert refs(rule) == [("plain", 80, None)]


def test_every_service_that_is_named_is_there(objects):
    found = objects(full_project())
    named = {
        ref["name"]
        for (kind, _), each in found.items()
        if kind == "HTTPRoute"
        for rule in each["spec"]["rules"]
        for ref in rule.get("backendRefs", ())
    }
    assert named
    assert named <= {name for kind, name in found if kind == "Service"}


def test_knative_goes_by_the_host(rules, losses):
    (rule,) = rules("function: hello", Target.KNATIVE, REVISIONS)
    assert refs(rule) == [("knative-local-gateway", 80, None)]
    assert rule["filters"][0]["urlRewrite"] == {"hostname": "hello.fns.svc.cluster.local"}
    assert (
        "one host for all backends" in losses(MIXED, Target.KNATIVE, REVISIONS)["routes.r"].reason
    )


def test_openfaas_goes_by_the_path(rules, losses, warnings):
    (rule,) = rules("function: plain, path: {prefix: /a}", Target.OPENFAAS, REVISIONS)
    assert refs(rule) == [("gateway", 8080, None)]
    assert rule["filters"][0]["urlRewrite"]["path"] == {
        "type": "ReplacePrefixMatch",
        "replacePrefixMatch": "/function/plain/a",
    }
    (rule,) = rules("function: plain", Target.OPENFAAS, REVISIONS)
    assert rule["filters"][0]["urlRewrite"]["path"]["replacePrefixMatch"] == "/function/plain"
    (rule,) = rules("function: hello", Target.OPENFAAS, REVISIONS)
    assert refs(rule) == [("hello-v1", 8080, 90), ("hello-v2", 8080, 10)]
    assert losses("function: hello", Target.OPENFAAS, REVISIONS) == {}
    told = warnings("function: hello", Target.OPENFAAS, REVISIONS)
    assert "routes.r: divided calls go to hello-v1, hello-v2 past" in told


def test_copies(rules, losses):
    said = "function: plain, mirror: {function: hello, percent: 5}"
    (rule,) = rules(said, functions=REVISIONS)
    assert [each["requestMirror"] for each in rule["filters"]] == [
        {"backendRef": {"name": "hello", "port": 80}, "percent": 5}
    ]
    for target in (Target.KNATIVE, Target.OPENFAAS):
        assert "routes.r.mirror" in losses(said, target, REVISIONS)
    (rule,) = rules(f"{MIXED}, mirror: {{function: hello}}", Target.OPENFAAS, REVISIONS)
    assert [each["requestMirror"]["fraction"] for each in rule["filters"]] == [
        {"numerator": 9000, "denominator": 10000},
        {"numerator": 1000, "denominator": 10000},
    ]


@pytest.mark.parametrize(
    "said",
    [
        "path: {exact: /a%2fb}",
        "path: {prefix: /100%}",
        "headers: {x: {present: false}}",
        "headers: {x: {exact: a}, X: {exact: b}}",
        f"headers: {{x: {{prefix: '{'.' * 2048}'}}}}",
        "headers: {" + ", ".join(f"h{number}: {{present: true}}" for number in range(17)) + "}",
    ],
)
def test_a_match_without_a_form_leaves_the_route_out(objects, losses, said):
    """Without it the route would take other calls."""
    found = losses(f"function: hello, {said}")
    assert "the route is left out" in found["routes.r"].reason
    text = f"""
functions: {{hello: {{}}}}
hosts: {{a.b: {{}}}}
routes: {{r: {{function: hello, {said}}}, other: {{function: hello}}}}
"""
    routes = [name for kind, name in objects(text) if kind == "HTTPRoute"]
    assert routes == ["other"]


def test_a_path_that_gets_too_long_leaves_the_route_out(losses):
    long = "/" + "a" * 1010
    said = f"path: {{exact: {long}}}, function: hello"
    assert "1024 characters" in losses(said, Target.OPENFAAS)["routes.r"].reason
    assert "routes.r" not in losses(said)


def test_more_backends_than_the_api_divides_among(losses):
    functions = ", ".join(f"f{number}: {{}}" for number in range(20))
    split = ", ".join(f"{{function: f{number}, percent: 5}}" for number in range(20))
    assert "16 at most" in losses(f"split: [{split}]", functions=functions)["routes.r"].reason


def test_a_prefix_with_a_last_slash_is_warned_of(rendered):
    text = """
functions: {hello: {}}
hosts: {a.b: {}}
routes: {r: {path: {prefix: /a/}, function: hello}, s: {path: {prefix: /}, function: hello}}
"""
    assert [each for each in rendered(text).warnings if "routes." in each] == [
        "routes.r: the Gateway API takes /a as well"
    ]


def test_what_the_api_has_no_form_for_has_a_reason(losses):
    found = losses(
        "function: hello, retries: {attempts: 0}, fault: {abort: {status: 500, percent: 1}}"
    )
    assert "experiments" in found["routes.r.retries.attempts"].reason
    assert "faults" in found["routes.r.fault.abort.status"].reason


def test_no_key_of_routes_is_lost_without_a_reason(rendered):
    for target in Target:
        for loss in rendered(full_project(), target).losses:
            if loss.key.startswith(("routes", "hosts", "mutual_tls")):
                assert "no form for it" not in loss.reason
