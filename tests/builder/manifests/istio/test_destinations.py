"""Where calls go on each platform."""

from wherry_build.manifests import Target

REVISIONS = "hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}, plain: {}"
SPLIT = """
functions: {{hello: {{revisions: {{v1: {{percent: 90}}, v2: {{percent: 10}}}}}}, plain: {{}}}}
hosts: {{a.b: {{}}}}
routes: {{r: {{{said}}}}}
"""
MIXED = "split: [{function: hello, percent: 50}, {function: plain, percent: 50}]"
LOCAL_GATEWAY = {
    "host": "knative-local-gateway.istio-system.svc.cluster.local",
    "port": {"number": 80},
}


def to(route):
    return [
        (each["destination"]["host"], each["destination"].get("subset"), each.get("weight"))
        for each in route["route"]
    ]


def test_subsets_of_a_service(route):
    found = route("function: hello", functions=REVISIONS)
    assert to(found) == [
        ("hello.fns.svc.cluster.local", "v1", 90),
        ("hello.fns.svc.cluster.local", "v2", 10),
    ]
    assert all(each["destination"]["port"] == {"number": 80} for each in found["route"])
    assert to(route("function: plain", functions=REVISIONS)) == [
        ("plain.fns.svc.cluster.local", None, None)
    ]
    assert to(route(MIXED, functions=REVISIONS)) == [
        ("hello.fns.svc.cluster.local", "v1", 45),
        ("hello.fns.svc.cluster.local", "v2", 5),
        ("plain.fns.svc.cluster.local", None, 50),
    ]


def test_knative_is_reached_by_its_own_gateway(route):
    found = route("function: hello", Target.KNATIVE, REVISIONS)
    assert found["route"] == [{"destination": LOCAL_GATEWAY}]
    assert found["rewrite"] == {"authority": "hello.fns.svc.cluster.local"}


def test_shares_of_functions_on_knative_go_by_their_hosts(route):
    found = route(MIXED, Target.KNATIVE, REVISIONS)
    assert "rewrite" not in found, "one authority would be for all"
    assert found["route"] == [
        {
            "destination": LOCAL_GATEWAY,
            "weight": 50,
            "headers": {"request": {"set": {"Host": f"{name}.fns.svc.cluster.local"}}},
        }
        for name in ("hello", "plain")
    ]


def test_another_split_than_knatives_own_goes_by_tags(route):
    found = route(
        "split: [{function: hello, revision: v1, percent: 50}, "
        "{function: hello, revision: v2, percent: 50}]",
        Target.KNATIVE,
        REVISIONS,
    )
    hosts = [each["headers"]["request"]["set"]["Host"] for each in found["route"]]
    assert hosts == ["v1-hello.fns.svc.cluster.local", "v2-hello.fns.svc.cluster.local"]


def test_knative_has_no_subset_and_no_destination_rule(objects):
    text = SPLIT.format(said="function: hello")
    assert not [kind for kind, _ in objects(text, Target.KNATIVE) if kind == "DestinationRule"]


def test_openfaas_is_reached_by_its_gateway(route):
    found = route("function: plain, path: {prefix: /p}", Target.OPENFAAS, REVISIONS)
    assert found["route"][0]["destination"] == {
        "host": "gateway.openfaas.svc.cluster.local",
        "port": {"number": 8080},
    }
    assert found["rewrite"] == {
        "uriRegexRewrite": {"match": "^/(.*)$", "rewrite": r"/function/plain/\1"}
    }


def test_shares_on_openfaas_go_past_its_gateway_and_that_is_no_loss(route, losses, warnings):
    found = route("function: hello", Target.OPENFAAS, REVISIONS)
    assert to(found) == [
        ("hello-v1.fns.svc.cluster.local", None, 90),
        ("hello-v2.fns.svc.cluster.local", None, 10),
    ]
    assert "rewrite" not in found
    text = SPLIT.format(said="function: hello")
    assert losses(text, Target.OPENFAAS) == {}
    assert "divided calls go to hello-v1, hello-v2 past OpenFaaS's gateway" in warnings(
        text, Target.OPENFAAS
    )


def test_one_revision_with_all_calls_keeps_the_gateway(route):
    found = route(
        "split: [{function: hello, revision: v2, percent: 100}]", Target.OPENFAAS, REVISIONS
    )
    assert found["rewrite"]["uriRegexRewrite"]["rewrite"] == r"/function/hello-v2/\1"


def test_what_the_second_hop_cannot_have_is_told(losses, route):
    said = "path: {exact: /a}, rewrite: {host: c.d}, function: plain, mirror: {function: hello}"
    for target in (Target.KNATIVE, Target.OPENFAAS):
        found = losses(SPLIT.format(said=said), target)
        assert {"routes.r.rewrite.host", "routes.r.mirror"} <= found.keys()
        made = route(said, target, REVISIONS)
        assert "mirrors" not in made
        assert made.get("rewrite", {}).get("authority") != "c.d"
    assert not losses(SPLIT.format(said=said)).keys() & {"routes.r.rewrite.host", "routes.r.mirror"}


def test_copies_past_the_gateway_go_to_each_revision(route):
    said = "split: [{function: hello, percent: 50}, {function: plain, percent: 50}], "
    found = route(said + "mirror: {function: hello, percent: 5}", Target.OPENFAAS, REVISIONS)
    assert [
        (each["destination"]["host"], each["percentage"]["value"]) for each in found["mirrors"]
    ] == [("hello-v1.fns.svc.cluster.local", 4.5), ("hello-v2.fns.svc.cluster.local", 0.5)]


def test_a_host_that_is_many_is_told(losses, route):
    said = "function: plain, rewrite: {host: '*.c.d'}"
    assert "routes.r.rewrite.host" in losses(SPLIT.format(said=said))
    assert "rewrite" not in route(said, functions=REVISIONS)


def test_shares_that_no_route_uses_are_told_where_routes_alone_divide(losses):
    text = SPLIT.format(said="function: plain")
    keys = {f"functions.hello.revisions.{name}.percent" for name in ("v1", "v2")}
    assert keys <= losses(text, Target.OPENFAAS).keys()
    for target in (Target.KNATIVE, Target.KUBERNETES):
        assert not keys & losses(text, target).keys()
