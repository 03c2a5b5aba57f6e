"""What Istio's rules find and leave alone, beyond their examples."""

import pytest

from wherry_build.lint.fixing import fixed
from wherry_build.lint.istio.names import ClusterHost, cluster_host, is_cut
from wherry_build.lint.run import lint
from wherry_build.lint.source import read_text

HOST = "cart.shop.svc.cluster.local"


def found(text, rule):
    """Lines of the findings of one rule."""
    reading = read_text(text, "mesh.yaml")
    assert not reading.unreadable
    return [each.line for each in lint(reading, select=[rule])]


def an_object(
    kind, spec, *, name="cart", namespace="shop", version="networking.istio.io/v1", labels=""
):
    lines = [f"apiVersion: {version}", f"kind: {kind}", "metadata:", f"  name: {name}"]
    lines += [f"  namespace: {namespace}"] if namespace else []
    lines += [f"  labels: {labels}"] if labels else []
    return "\n".join([*lines, f"spec: {spec}", ""])


def virtual_service(http, *, hosts=f"[{HOST}]", more="", **of):
    return an_object("VirtualService", f"{{hosts: {hosts}, {more} http: {http}}}", **of)


def service(name="cart", *, labels="", selector="{app: cart}"):
    return an_object("Service", f"{{selector: {selector}}}", name=name, version="v1", labels=labels)


def deployment(labels, name="cart"):
    return an_object(
        "Deployment",
        f"{{template: {{metadata: {{labels: {labels}}}}}}}",
        name=name,
        version="apps/v1",
    )


def bundle(*texts):
    return "---\n".join(texts)


ROUTE = f"{{route: [{{destination: {{host: {HOST}}}}}]}}"


@pytest.mark.parametrize(
    ("host", "means"),
    [
        ("cart", ClusterHost(name="cart", namespace="shop")),
        ("cart.web.svc.cluster.local", ClusterHost(name="cart", namespace="web")),
        ("cart.web.svc", None),
        ("cart.web", None),
        ("shop.example.com", None),
        ("*.shop.svc.cluster.local", None),
        ("*", None),
        ("", None),
        ("cart\n", None),
    ],
)
def test_a_host_is_read_as_istio_reads_it(host, means):
    assert cluster_host(host, "shop") == means
    assert is_cut(host) == (host == "cart.web.svc")


@pytest.mark.parametrize(
    ("version", "kind", "count"),
    [
        ("networking.istio.io/v1beta1", "VirtualService", 1),
        ("security.istio.io/v1beta1", "PeerAuthentication", 1),
        ("telemetry.istio.io/v1alpha1", "Telemetry", 1),
        ("networking.istio.io/v1alpha3", "EnvoyFilter", 0),
        ("networking.istio.io/v1beta1", "ProxyConfig", 0),
        ("example.com/v1beta1", "VirtualService", 0),
    ],
)
def test_kinds_without_a_v1_keep_their_version(version, kind, count):
    assert len(found(an_object(kind, "{}", version=version), "IST001")) == count


class TestSubsets:
    TO_GREEN = virtual_service(f"[{{route: [{{destination: {{host: {HOST}, subset: green}}}}]}}]")
    GREEN = an_object(
        "DestinationRule",
        f"{{host: {HOST}, subsets: [{{name: green, labels: {{version: green}}}}]}}",
    )

    def test_without_service_and_rule_nobody_knows(self):
        assert not found(self.TO_GREEN, "IST002")

    def test_a_service_without_any_rule_has_no_subset(self):
        assert found(bundle(self.TO_GREEN, service()), "IST002")

    @pytest.mark.parametrize("host", ["cart", "'*.shop.svc.cluster.local'", HOST])
    def test_a_rule_is_found_however_it_names_the_host(self, host):
        rule = self.GREEN.replace(f"host: {HOST}", f"host: {host}")
        assert not found(bundle(self.TO_GREEN, service(), rule), "IST002")

    @pytest.mark.parametrize(("version", "count"), [("green", 0), ("blue", 1)])
    def test_its_labels_are_those_of_a_pod(self, version, count):
        pods = deployment(f"{{app: cart, version: {version}}}")
        assert len(found(bundle(self.GREEN, service(), pods), "IST002")) == count

    def test_a_knative_service_is_left_to_another_rule(self):
        knative = an_object("Service", "{}", version="serving.knative.dev/v1")
        pods = deployment("{app: cart, version: blue}")
        assert not found(bundle(self.GREEN, knative, service(), pods), "IST002")


class TestHosts:
    @pytest.mark.parametrize(
        ("host", "count"),
        [("cart", 0), ("mail", 1), ("mail.web.svc.cluster.local", 0), ("mail.example.com", 0)],
    )
    def test_in_the_mesh_it_is_a_service_where_services_are_given(self, host, count):
        text = virtual_service(f"[{ROUTE}]", hosts=f"[{host}]")
        assert len(found(bundle(text, service()), "IST003")) == count
        assert not found(text, "IST003")

    @pytest.mark.parametrize(
        "other",
        [
            an_object("ServiceEntry", "{hosts: [mail.shop.svc.cluster.local]}"),
            an_object("Service", "{}", name="mail", version="serving.knative.dev/v1"),
            an_object("Function", "{}", name="mail", version="openfaas.com/v1"),
        ],
    )
    def test_what_makes_a_host_counts(self, other):
        text = virtual_service(f"[{ROUTE}]", hosts="[mail]")
        assert not found(bundle(text, service(), other), "IST003")

    @pytest.mark.parametrize(
        ("served", "count"),
        [
            ("shop.example.com", 0),
            ("SHOP.example.com", 0),
            ("'*'", 0),
            ("'*.example.com'", 0),
            ("shop/shop.example.com", 0),
            ("./shop.example.com", 0),
            ("web/shop.example.com", 1),
            ("example.com", 1),
        ],
    )
    def test_at_a_gateway_it_is_one_of_a_server(self, served, count):
        text = virtual_service(f"[{ROUTE}]", hosts="[shop.example.com]", more="gateways: [public],")
        gateway = an_object("Gateway", f"{{servers: [{{hosts: [{served}]}}]}}", name="public")
        assert len(found(bundle(text, gateway), "IST003")) == count
        assert not found(text, "IST003")

    def test_a_gateway_beside_the_mesh_leaves_it_open(self):
        text = virtual_service(
            f"[{ROUTE}]", hosts="[a.example.com]", more="gateways: [mesh, public],"
        )
        gateway = an_object("Gateway", "{servers: [{hosts: [b.example.com]}]}", name="public")
        assert not found(bundle(text, gateway), "IST003")

    @pytest.mark.parametrize(
        ("host", "count"),
        [("cart", 1), ("cart.shop.svc", 1), (HOST, 0), ("example.com", 0), ("'*'", 0)],
    )
    def test_a_destination_is_written_in_full(self, host, count):
        text = virtual_service(f"[{{route: [{{destination: {{host: {host}}}}}]}}]")
        assert len(found(text, "IST004")) == count

    def test_a_destination_that_is_not_there_is_missed(self):
        text = virtual_service("[{route: [{destination: {host: mail.shop.svc.cluster.local}}]}]")
        assert found(bundle(text, service()), "IST004")
        mirror = virtual_service("[{mirror: {host: mail.shop.svc.cluster.local}}]")
        assert not found(bundle(mirror, service()), "IST004")

    @pytest.mark.parametrize(
        ("host", "namespace", "after"),
        [
            ("cart", "shop", HOST),
            ("cart.shop.svc", "web", HOST),
            ("cart", "", None),
        ],
    )
    def test_it_is_put_right_where_the_namespace_is_known(self, host, namespace, after):
        text = virtual_service(
            f"[{{route: [{{destination: {{host: {host}}}}}]}}]", namespace=namespace
        )
        changes = fixed(read_text(text, "mesh.yaml"), select=["IST004"])
        assert [f"destination: {{host: {after}}}" in each.after for each in changes] == (
            [True] if after else []
        )

    def test_two_of_one_host_meet_unless_they_are_one_or_hidden(self):
        one = virtual_service(f"[{ROUTE}]")
        other = virtual_service(f"[{ROUTE}]", name="other")
        assert len(found(bundle(one, other), "IST012")) == 1
        assert not found(bundle(one, one), "IST012")
        gateway = virtual_service(f"[{ROUTE}]", name="other", more="gateways: [public],")
        assert not found(bundle(one, gateway), "IST012")
        far = virtual_service(f"[{ROUTE}]", name="other", namespace="web", more="exportTo: [.],")
        assert not found(bundle(one, far), "IST012")

    def test_a_route_of_the_gateway_api_for_the_same_service_is_seen(self):
        route = an_object(
            "HTTPRoute",
            "{parentRefs: [{kind: Service, name: cart}]}",
            version="gateway.networking.k8s.io/v1",
        )
        text = virtual_service(f"[{ROUTE}]")
        assert found(bundle(text, route), "IST010")
        assert not found(bundle(text, route.replace("kind: Service", "kind: Gateway")), "IST010")

    @pytest.mark.parametrize(("waypoint", "count"), [("none", 0), ("main", 1)])
    def test_a_waypoint_may_be_the_namespaces(self, waypoint, count):
        namespace = an_object(
            "Namespace",
            "{}",
            name="shop",
            namespace="",
            version="v1",
            labels="{istio.io/use-waypoint: main}",
        )
        labels = f"{{istio.io/use-waypoint: {waypoint}}}"
        text = virtual_service(f"[{ROUTE}]")
        assert len(found(bundle(text, service(labels=labels)), "IST010")) == count
        assert found(bundle(text, namespace, service()), "IST010")


class TestRoutes:
    @pytest.mark.parametrize(
        ("weights", "count"),
        [((90, 10), 0), ((90, 11), 1), ((0, 100), 0), ((None, None), 1), ((None,), 0), ((90,), 1)],
    )
    def test_weights_are_percentages(self, weights, count):
        items = ", ".join(
            f"{{destination: {{host: {HOST}}}"
            + (f", weight: {each}}}" if each is not None else "}")
            for each in weights
        )
        assert len(found(virtual_service(f"[{{route: [{items}]}}]"), "IST005")) == count

    @pytest.mark.parametrize(
        ("retries", "count"),
        [
            ("{}", 0),
            ("{attempts: 0}", 0),
            ("{attempts: 2, perTryTimeout: 1s}", 0),
            ("{attempts: 0, retryOn: 5xx}", 1),
            ("{perTryTimeout: 1s}", 1),
        ],
    )
    def test_what_is_switched_off_is_not_described(self, retries, count):
        assert len(found(virtual_service(f"[{{retries: {retries}}}]"), "IST006")) == count

    @pytest.mark.parametrize(
        ("match", "more", "count"),
        [
            ("{method: {exact: POST}}", "", 1),
            ("{method: {regex: GET|PATCH}}", "", 1),
            ("{method: {exact: GET}}", "", 0),
            ("{uri: {prefix: /}}", "", 0),
            ("{method: {exact: POST}}", "retries: {attempts: 1},", 0),
        ],
    )
    def test_default_retries_are_told_where_a_method_is_named(self, match, more, count):
        http = f"[{{match: [{match}], {more} route: [{{destination: {{host: {HOST}}}}}]}}]"
        assert len(found(virtual_service(http), "IST007")) == count
        mesh = (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"
            "data: {mesh: 'defaultHttpRetryPolicy: {attempts: 0}'}\n"
        )
        assert not found(bundle(virtual_service(http), mesh), "IST007")

    @pytest.mark.parametrize(
        ("route", "count"),
        [
            ("{rewrite: {authority: a}, headers: {request: {set: {host: b}}}}", 1),
            ("{headers: {request: {set: {Host: a, ':authority': b}}}}", 1),
            ("{headers: {request: {set: {Host: a, x-a: b}}}}", 0),
            ("{rewrite: {authority: a}, headers: {request: {set: {x-host: b}}}}", 0),
        ],
    )
    def test_the_authority_is_set_once(self, route, count):
        assert len(found(virtual_service(f"[{route}]"), "IST015")) == count

    @pytest.mark.parametrize(
        ("prefixes", "uri", "count"),
        [
            (["/cart"], "/", 1),
            (["/cart"], "/shop/", 1),
            (["/cart"], "/shop", 0),
            (["/cart/"], "/", 0),
            (["/"], "/", 0),
        ],
    )
    def test_a_slash_is_left_when_the_prefix_has_none(self, prefixes, uri, count):
        matches = ", ".join(f"{{uri: {{prefix: {each}}}}}" for each in prefixes)
        text = virtual_service(f"[{{match: [{matches}], rewrite: {{uri: {uri}}}}}]")
        assert len(found(text, "IST016")) == count

    @pytest.mark.parametrize(
        ("match", "is_fixed"),
        [
            ("{uri: {prefix: /a.b}}", True),
            ("{uri: {exact: /a.b}}, {uri: {prefix: /a.b}}", True),
            ("{uri: {prefix: /a.b}}, {uri: {prefix: /c}}", False),
            ("{uri: {prefix: /a.b}}, {uri: {regex: /c.*}}", False),
            ("{uri: {prefix: '/a(b'}}", False),
        ],
    )
    def test_the_slash_is_taken_where_one_prefix_is_all(self, match, is_fixed):
        text = virtual_service(f"[{{match: [{match}], rewrite: {{uri: /}}}}]")
        changes = fixed(read_text(text, "mesh.yaml"), select=["IST016"])
        assert bool(changes) == is_fixed
        assert all(
            "^/a[.]b/?(.*)$" in each.after and "uri: /}" not in each.after for each in changes
        )

    @pytest.mark.parametrize("prefix", ["/", "/cart/"])
    def test_a_prefix_of_whole_segments_is_right(self, prefix):
        assert not found(virtual_service(f"[{{match: [{{uri: {{prefix: {prefix}}}}}]}}]"), "IST018")


@pytest.mark.parametrize(
    ("wide", "narrow", "count"),
    [
        ("{}", "{uri: {exact: /a}}", 1),
        ("{name: all}", "{uri: {exact: /a}}", 1),
        ("{uri: {prefix: /}}", "{uri: {regex: '/a.*'}}", 1),
        ("{uri: {prefix: /a}}", "{uri: {exact: /ab}}", 1),
        ("{uri: {prefix: /a/}}", "{uri: {exact: /a}}", 0),
        ("{uri: {exact: /a}}", "{uri: {prefix: /a}}", 0),
        ("{uri: {exact: /a}}", "{}", 0),
        ("{uri: {regex: '/a.*'}}", "{uri: {regex: '/a.*'}}", 1),
        ("{uri: {prefix: /A}, ignoreUriCase: true}", "{uri: {prefix: /A}}", 0),
        ("{headers: {a: {exact: b}}}", "{headers: {a: {exact: b}, c: {exact: d}}}", 1),
        ("{headers: {a: {exact: b}, c: {exact: d}}}", "{headers: {a: {exact: b}}}", 0),
        ("{headers: {a: {exact: b}}}", "{headers: {a: {exact: c}}}", 0),
        ("{method: {exact: GET}}", "{method: {exact: GET}, uri: {exact: /a}}", 1),
        ("{method: {exact: GET}}", "{method: {exact: POST}}", 0),
        ("{port: 80}", "{}", 0),
        ("{gateways: [a, b]}", "{gateways: [a]}", 1),
        ("{gateways: [a]}", "{}", 0),
        ("{withoutHeaders: {a: {}}}", "{uri: {exact: /a}}", 0),
    ],
)
def test_a_match_takes_another_only_when_it_asks_for_nothing_more(wide, narrow, count):
    text = virtual_service(f"[{{match: [{wide}]}}, {{match: [{narrow}]}}]")
    assert len(found(text, "IST011")) == count


def test_a_route_without_a_match_is_the_last():
    assert found(virtual_service("[{name: all}, {match: [{uri: {exact: /a}}]}]"), "IST011")
    assert not found(virtual_service("[{match: [{uri: {exact: /a}}]}, {name: all}]"), "IST011")


class TestSidecars:
    MUTUAL = an_object(
        "DestinationRule", f"{{host: {HOST}, trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}}}}}"
    )

    @pytest.mark.parametrize(
        ("namespace", "mode", "count"),
        [
            ("shop", "STRICT", 0),
            ("istio-system", "STRICT", 0),
            ("web", "STRICT", 1),
            ("shop", "PERMISSIVE", 1),
        ],
    )
    def test_mutual_tls_is_enforced_where_callers_come_in(self, namespace, mode, count):
        strict = an_object(
            "PeerAuthentication",
            f"{{mtls: {{mode: {mode}}}}}",
            namespace=namespace,
            version="security.istio.io/v1",
        )
        assert len(found(bundle(self.MUTUAL, strict), "IST008")) == count

    def test_a_pod_without_a_sidecar_cannot_speak_it(self):
        strict = an_object(
            "PeerAuthentication", "{mtls: {mode: STRICT}}", version="security.istio.io/v1"
        )
        bare = deployment('{app: cart, sidecar.istio.io/inject: "false"}')
        assert found(bundle(self.MUTUAL, strict, service(), bare), "IST008")

    @pytest.mark.parametrize(
        ("labels", "count"),
        [
            ("{istio-injection: enabled, istio.io/rev: stable}", 1),
            ("{istio-injection: enabled}", 0),
            ("{istio.io/rev: stable}", 0),
        ],
    )
    def test_a_namespace_asks_once(self, labels, count):
        text = an_object("Namespace", "{}", name="shop", namespace="", version="v1", labels=labels)
        assert len(found(text, "IST013")) == count


class TestPolicies:
    KNATIVE = an_object("Service", "{}", version="serving.knative.dev/v1")

    def policy(self, spec):
        return an_object("AuthorizationPolicy", spec, version="security.istio.io/v1")

    @pytest.mark.parametrize(
        ("source", "count"),
        [
            ("{namespaces: [web]}", 1),
            ("{principals: [cluster.local/ns/web/sa/web]}", 1),
            ("{namespaces: [knative-serving]}", 0),
            ("{namespaces: ['*']}", 0),
            ("{principals: [cluster.local/ns/knative-serving/sa/activator]}", 0),
            ("{serviceAccounts: [knative-serving/activator]}", 0),
            ("{ipBlocks: [10.0.0.0/8]}", 0),
        ],
    )
    def test_knative_is_let_in_where_callers_are_named(self, source, count):
        policy = self.policy(f"{{rules: [{{from: [{{source: {source}}}]}}]}}")
        assert len(found(bundle(self.KNATIVE, policy), "IST017")) == count
        assert not found(policy, "IST017")

    def test_policies_add_up_and_others_are_not_asked(self):
        narrow = self.policy("{rules: [{from: [{source: {namespaces: [web]}}]}]}")
        wide = self.policy("{rules: [{from: [{source: {namespaces: [knative-serving]}}]}]}")
        assert not found(bundle(self.KNATIVE, narrow, wide), "IST017")
        elsewhere = narrow.replace("{rules", "{selector: {matchLabels: {app: mail}}, rules")
        assert not found(bundle(self.KNATIVE, elsewhere), "IST017")
        assert not found(bundle(self.KNATIVE, self.policy("{}")), "IST017")

    @pytest.mark.parametrize(
        ("spec", "count"), [("{action: DENY}", 1), ("{action: DENY, rules: [{}]}", 0)]
    )
    def test_denying_without_rules_denies_nothing(self, spec, count):
        assert len(found(self.policy(spec), "IST017")) == count

    @pytest.mark.parametrize(
        ("spec", "count"),
        [
            ("{rules: [{to: [{operation: {paths: [/a]}}]}]}", 1),
            ("{rules: [{when: [{key: 'request.headers[x]', values: [a]}]}]}", 1),
            ("{rules: [{to: [{operation: {ports: ['80']}}]}]}", 0),
            ("{targetRefs: [{}], rules: [{to: [{operation: {paths: [/a]}}]}]}", 0),
        ],
    )
    def test_in_ambient_requests_are_judged_at_a_waypoint(self, spec, count):
        namespace = an_object(
            "Namespace",
            "{}",
            name="shop",
            namespace="",
            version="v1",
            labels="{istio.io/dataplane-mode: ambient}",
        )
        assert len(found(bundle(namespace, self.policy(spec)), "IST009")) == count
        assert not found(self.policy(spec), "IST009")
