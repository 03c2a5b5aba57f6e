"""Each part of a route in Istio's words."""

import pytest


def test_a_prefix_is_whole_segments(route):
    assert route("function: hello, path: {prefix: /a}")["match"] == [
        {"uri": {"exact": "/a"}},
        {"uri": {"prefix": "/a/"}},
    ]
    assert route("function: hello, path: {prefix: /}")["match"] == [{"uri": {"prefix": "/"}}]
    assert route("function: hello, path: {exact: /a}")["match"] == [{"uri": {"exact": "/a"}}]
    assert route("function: hello")["match"] == [{"uri": {"prefix": "/"}}]


def test_methods_and_headers(route):
    (match,) = route(
        "function: hello, path: {exact: /a}, methods: [GET, POST], headers: "
        "{X-A: {exact: b}, x-b: {prefix: c}, x-c: {present: true}, x-d: {present: false}}"
    )["match"]
    assert match == {
        "uri": {"exact": "/a"},
        "method": {"regex": "GET|POST"},
        "headers": {"x-a": {"exact": "b"}, "x-b": {"prefix": "c"}, "x-c": {}},
        "withoutHeaders": {"x-d": {}},
    }
    (match,) = route("function: hello, methods: [PUT]")["match"]
    assert match["method"] == {"exact": "PUT"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("path: {exact: /a}", None),
        ("path: {exact: /a}, rewrite: {host: b.c}", {"authority": "b.c"}),
        (
            "path: {prefix: /a.b}, rewrite: {path: /}",
            {"uriRegexRewrite": {"match": r"^/a\.b/?(.*)$", "rewrite": r"/\1"}},
        ),
        (
            "path: {exact: /a}, rewrite: {path: /b, host: b.c}",
            {"uriRegexRewrite": {"match": "^/a$", "rewrite": "/b"}, "authority": "b.c"},
        ),
    ],
)
def test_rewriting(route, said, expected):
    assert route(f"function: hello, {said}").get("rewrite") == expected


def test_times_and_retries(route):
    found = route("function: hello")
    assert found["timeout"] == "300s"
    assert found["retries"] == {"attempts": 0}
    found = route("function: hello, timeout: 1500ms, retries: {attempts: 0}")
    assert found["timeout"] == "1500ms"
    assert found["retries"] == {"attempts": 0}
    assert route("function: hello, retries: {attempts: 2}")["retries"] == {
        "attempts": 2,
        "retryOn": "connect-failure,refused-stream,reset-before-request",
    }, "what has reached the function is not repeated unless it is asked for"
    found = route(
        "function: hello, "
        "retries: {attempts: 3, per_try_timeout: 500ms, retry_on: [gateway-error, connect-failure]}"
    )
    assert found["retries"] == {
        "attempts": 3,
        "perTryTimeout": "500ms",
        "retryOn": "gateway-error,connect-failure",
    }


def test_faults(route):
    found = route(
        "function: hello, "
        "fault: {delay: {time: 200ms, percent: 1}, abort: {status: 503, percent: 100}}"
    )
    assert found["fault"] == {
        "delay": {"fixedDelay": "200ms", "percentage": {"value": 1}},
        "abort": {"httpStatus": 503, "percentage": {"value": 100}},
    }


def test_cors(route, losses):
    said = (
        "function: hello, cors: {origins: ['*', 'https://a.b'], methods: [GET], headers: [x-a], "
        "expose_headers: [x-b], credentials: false, max_age: 10m}"
    )
    assert route(said)["corsPolicy"] == {
        "allowOrigins": [{"regex": ".*"}, {"exact": "https://a.b"}],
        "allowMethods": ["GET"],
        "allowHeaders": ["x-a"],
        "exposeHeaders": ["x-b"],
        "maxAge": "600s",
        "allowCredentials": False,
        "unmatchedPreflights": "IGNORE",
    }
    text = """
functions: {hello: {}}
hosts: {a.b: {}}
routes: {r: {function: hello, cors: {origins: [], max_age: 0s}}}
"""
    assert "routes.r.cors.max_age" in losses(text)


def test_what_a_browser_asks_before_a_call_is_matched(route):
    asked = {"origin": {}, "access-control-request-method": {}}
    plain, before = route(
        "function: hello, path: {exact: /a}, methods: [PUT], cors: {origins: ['https://a.b']}"
    )["match"]
    assert plain == {"uri": {"exact": "/a"}, "method": {"exact": "PUT"}}
    assert before == {
        "uri": {"exact": "/a"}, "method": {"exact": "OPTIONS"}, "headers": asked,
    }  # fmt: skip


def test_copies(route):
    functions = "hello: {}, audit: {revisions: {v1: {percent: 100}}}"
    found = route("function: hello, mirror: {function: audit, percent: 5}", functions=functions)
    audit = {"host": "audit.fns.svc.cluster.local", "port": {"number": 80}}
    assert found["mirrors"] == [{"destination": audit, "percentage": {"value": 5}}]
    (mirror,) = route("function: hello, mirror: {function: hello}")["mirrors"]
    assert mirror["percentage"] == {"value": 100}
