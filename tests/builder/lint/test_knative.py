"""What Knative's rules find and leave alone, beyond their examples."""

import pytest

from wherry_build.lint.fixing import fixed
from wherry_build.lint.run import lint
from wherry_build.lint.source import read_text

SERVING = "serving.knative.dev/v1"
EVENTING = "eventing.knative.dev/v1"
SCALER = "autoscaling.knative.dev"
FEATURES = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: config-features, namespace: {}}}
data: {}
"""


def found(text, rule):
    """Lines of the findings of one rule."""
    reading = read_text(text, "functions.yaml")
    assert not reading.unreadable
    return [each.line for each in lint(reading, select=[rule])]


def an_object(kind, spec, *, name="cart", namespace="shop", version=SERVING, metadata=""):
    lines = [f"apiVersion: {version}", f"kind: {kind}", "metadata:", f"  name: {name}"]
    lines += [f"  namespace: {namespace}"] if namespace else []
    lines += [f"  {metadata}"] if metadata else []
    return "\n".join([*lines, f"spec: {spec}", ""])


def with_traffic(traffic, kind="Service", template="{}"):
    return an_object(kind, f"{{template: {{metadata: {template}}}, traffic: [{traffic}]}}")


def with_annotations(annotations):
    return an_object("Service", f"{{template: {{metadata: {{annotations: {{{annotations}}}}}}}}}")


def with_pod(pod):
    return an_object("Service", f"{{template: {{spec: {pod}}}}}")


def trigger(spec, **of):
    return an_object("Trigger", spec, version=EVENTING, **{"name": "mail", **of})


def broker(spec="{}", **of):
    return an_object("Broker", spec, version=EVENTING, **{"name": "orders", **of})


def bundle(*texts):
    return "---\n".join(texts)


@pytest.mark.parametrize(
    ("version", "kind", "count"),
    [
        (SERVING, "service", 1),
        (SERVING, "Serivce", 1),
        ("serving.knative.dev/v1alpha1", "Service", 1),
        ("serving.knative.dev/v1", "DomainMapping", 1),
        ("serving.knative.dev/v1beta1", "DomainMapping", 0),
        ("sources.knative.dev/v1beta2", "PingSource", 0),
        ("sources.knative.dev/v1", "KafkaSource", 0),
        ("messaging.knative.dev/v1beta1", "KafkaChannel", 0),
        ("operator.knative.dev/v1beta1", "KnativeServing", 0),
        ("v1", "service", 0),
    ],
)
def test_a_kind_is_one_of_knatives_and_in_its_version(version, kind, count):
    assert len(found(an_object(kind, "{}", version=version), "KNA001")) == count


@pytest.mark.parametrize(
    ("traffic", "count"),
    [
        ("{latestRevision: true, percent: 100}", 0),
        ("{percent: 100}", 0),
        ("{revisionName: cart-a, percent: 100}, {latestRevision: true, tag: next}", 0),
        ("{revisionName: cart-a, percent: 99}", 1),
        ("{revisionName: cart-a, latestRevision: true, percent: 100}", 1),
        ("{revisionName: cart-a, latestRevision: false, percent: 100}", 0),
        ("{latestRevision: false, percent: 100}", 1),
        ("{percent: 100, tag: Next}", 1),
        ("{percent: 100, tag: 1st}", 1),
        ("{percent: 150}, {percent: -50}", 2),
        ("{percent: 100, configurationName: cart}", 1),
        ("{percent: 100, url: http://a}", 1),
    ],
)
def test_a_split_is_one_that_knative_takes(traffic, count):
    assert len(found(with_traffic(traffic), "KNA002")) == count


def test_a_route_may_name_a_configuration():
    assert not found(
        with_traffic("{percent: 100, configurationName: cart}", kind="Route"), "KNA002"
    )


@pytest.mark.parametrize(
    ("annotation", "count"),
    [
        (f'{SCALER}/min-scale: "2", {SCALER}/max-scale: "1"', 1),
        (f'{SCALER}/min-scale: "2", {SCALER}/max-scale: "0"', 0),
        (f'{SCALER}/minScale: "-1"', 1),
        (f'{SCALER}/max-scale: "ten"', 1),
        (f"{SCALER}/max-scale: 10", 1),
        (f"{SCALER}/target: '0.001'", 1),
        (f"{SCALER}/target: '0.5'", 0),
        (f"{SCALER}/target: 'nan'", 1),
        (f"{SCALER}/window: 5s", 1),
        (f"{SCALER}/window: 1h", 0),
        (f"{SCALER}/window: 61m", 1),
        (f"{SCALER}/window: 6500ms", 1),
        (f"{SCALER}/window: soon", 1),
        (f"{SCALER}/scale-down-delay: 0s", 0),
        (f"{SCALER}/scale-to-zero-pod-retention-period: 1m30.5s", 0),
        (f'{SCALER}/target-burst-capacity: "-1"', 0),
        (f'{SCALER}/target-burst-capacity: "-2"', 1),
        (f'{SCALER}/activation-scale: "1"', 1),
        (f'{SCALER}/activation-scale: "3", {SCALER}/max-scale: "2"', 1),
        (f'{SCALER}/target-utilization-percentage: "0"', 1),
        (f'{SCALER}/panic-threshold-percentage: "100"', 1),
        (f"{SCALER}/metric: cpu", 1),
        (f"{SCALER}/metric: cpu, {SCALER}/class: hpa.autoscaling.knative.dev", 0),
        (f"{SCALER}/metric: rps", 0),
        (f"{SCALER}/class: vpa.autoscaling.knative.dev", 1),
        (f"{SCALER}/class: keda.example.com", 0),
        ("serving.knative.dev/progress-deadline: 10m", 0),
        ("serving.knative.dev/progress-deadline: 0s", 1),
        ("example.com/max-scale: 10", 0),
        (f"{SCALER}/unknown: x", 0),
    ],
)
def test_an_annotation_is_what_the_autoscaler_reads(annotation, count):
    assert len(found(with_annotations(annotation), "KNA004")) == count


def test_moving_an_annotation_keeps_what_the_template_says():
    text = (
        "apiVersion: serving.knative.dev/v1\n"
        "kind: Service\n"
        "metadata:\n"
        "  name: cart\n"
        "  annotations:\n"
        f'    {SCALER}/min-scale: "1"\n'
        f'    {SCALER}/max-scale: "9" # enough\n'
        "    example.com/owner: shop\n"
        "spec:\n"
        "  template:\n"
        "    metadata:\n"
        "      annotations:\n"
        f'        {SCALER}/min-scale: "3"\n'
        "    spec: {}\n"
    )
    (change,) = fixed(read_text(text, "functions.yaml"), select=["KNA003"])
    assert not found(change.after, "KNA003")
    assert f'{SCALER}/min-scale: "3"' in change.after
    assert f'{SCALER}/min-scale: "1"' not in change.after
    assert f'        {SCALER}/max-scale: "9" # enough\n' in change.after
    assert "    example.com/owner: shop\n" in change.after


def test_nothing_is_moved_where_there_is_no_template():
    text = an_object("Service", "{}", metadata=f'annotations: {{{SCALER}/min-scale: "1"}}')
    assert found(text, "KNA003")
    assert not fixed(read_text(text, "functions.yaml"), select=["KNA003"])


@pytest.mark.parametrize(
    ("pod", "count"),
    [
        ("{containers: [{ports: [{containerPort: 8080}]}]}", 0),
        ("{containers: [{}]}", 0),
        ("{containers: [{}, {}]}", 1),
        ("{containers: [{ports: [{containerPort: 8080}]}, {}]}", 0),
        ("{containers: [{ports: [{containerPort: 8080}]}, {ports: [{containerPort: 81}]}]}", 1),
        ("{containers: [{ports: [{containerPort: 8080}, {containerPort: 81}]}]}", 1),
        ("{containers: [{ports: [{name: http}]}]}", 1),
        ("{containers: [{ports: [{name: h2c}]}]}", 0),
        ("{containers: [{ports: [{containerPort: 8012}]}]}", 1),
        ("{containers: [{env: [{name: K_SERVICE}]}]}", 1),
        ("{containers: [{ports: [{name: h2c}]}, {env: [{name: PORT}]}]}", 0),
        ("{containers: [{ports: [{name: h2c}]}, {env: [{name: K_REVISION}]}]}", 1),
        ("{containers: [{name: queue-proxy}]}", 1),
        ("{containers: [{volumeMounts: [{mountPath: /}]}]}", 1),
        ("{containers: [{volumeMounts: [{mountPath: /dev/}]}]}", 1),
        ("{containers: [{volumeMounts: [{mountPath: /dev/shm}]}]}", 0),
    ],
)
def test_what_is_reserved_is_left_to_knative(pod, count):
    assert len(found(with_pod(pod), "KNA005")) == count


@pytest.mark.parametrize(
    ("volume", "read_only", "count"),
    [
        ("secret: {secretName: a}", "readOnly: false", 1),
        ("projected: {}", "name: v", 1),
        ("emptyDir: {}", "name: v", 0),
        ("secret: {secretName: a}", "readOnly: true", 0),
    ],
)
def test_a_mount_of_a_secret_is_for_reading(volume, read_only, count):
    mount = "{name: v, mountPath: /a}" if "name" in read_only else f"{{name: v, {read_only}}}"
    pod = f"{{containers: [{{volumeMounts: [{mount}]}}], volumes: [{{name: v, {volume}}}]}}"
    assert len(found(with_pod(pod), "KNA013")) == count


class TestFlags:
    POD = with_pod(
        "{tolerations: [], containers: [{env: [{name: A, valueFrom: {fieldRef: {}}}]}], "
        "volumes: [{name: a, persistentVolumeClaim: {}}]}"
    )

    def test_nobody_knows_flags_that_no_file_shows(self):
        assert not found(self.POD, "KNA006")
        other = FEATURES.format("knative-eventing", "{}")
        assert not found(bundle(self.POD, other), "KNA006")

    def test_a_flag_that_is_not_set_is_off(self):
        assert len(found(bundle(self.POD, FEATURES.format("knative-serving", "{}")), "KNA006")) == 3

    def test_a_flag_may_be_enabled_or_allowed(self):
        flags = (
            "{kubernetes.podspec-tolerations: Enabled, kubernetes.podspec-fieldref: allowed, "
            "kubernetes.podspec-persistent-volume-claim: enabled}"
        )
        assert not found(bundle(self.POD, FEATURES.format("knative-serving", flags)), "KNA006")

    def test_the_operator_sets_them_too(self):
        operator = an_object(
            "KnativeServing",
            "{config: {features: {kubernetes.podspec-tolerations: enabled}}}",
            version="operator.knative.dev/v1beta1",
        )
        assert len(found(bundle(self.POD, operator), "KNA006")) == 2

    @pytest.mark.parametrize(("flag", "count"), [("disabled", 1), ("enabled", 0)])
    def test_the_header_of_a_tag_is_seen_in_an_httproute(self, flag, count):
        route = an_object(
            "HTTPRoute",
            "{rules: [{filters: [{requestHeaderModifier: "
            "{set: [{name: knative-serving-tag, value: a}]}}]}]}",
            version="gateway.networking.k8s.io/v1",
        )
        flags = FEATURES.format("knative-serving", f"{{tag-header-based-routing: {flag}}}")
        assert len(found(bundle(route, flags), "KNA015")) == count
        assert not found(route, "KNA015")


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ("{filter: {attributes: {type: a}}}", 0),
        ("{filter: {attributes: {my-type: a}}}", 1),
        ("{filter: {attributes: {type: a}}, filters: [{exact: {type: a}}]}", 1),
        ("{filters: []}", 0),
        ("{filters: [{exact: {type: a}}, {prefix: {source: /}}]}", 0),
        ("{filters: [{exact: {type: a}, prefix: {source: /}}]}", 1),
        ("{filters: [{regex: a}]}", 1),
        ("{filters: [{exact: {Type: a}}]}", 1),
        ("{filters: [{not: {any: [{exact: {a_b: c}}, {all: [{suffix: {d: e}, cesql: f}]}]}}]}", 2),
        ("{broker: a, brokerRef: {name: b}}", 1),
    ],
)
def test_a_filter_has_one_dialect_and_good_attributes(spec, count):
    assert len(found(trigger(spec), "KNA008")) == count


@pytest.mark.parametrize(
    ("expression", "is_wrong"),
    [
        ("type = 'a'", False),
        ('type = "it\'s" AND (EXISTS time)', False),
        ("type = 'it\\\\'s'", False),
        ("type LIKE '(%'", False),
        ("", True),
        ("  ", True),
        ("type = 'a", True),
        ("(type = 'a'", True),
        ("type = 'a')(", True),
        ("type == 'a'", True),
        ("data.id = 1", True),
    ],
)
def test_an_expression_is_parsed(expression, is_wrong):
    quoted = '"' + expression.replace('"', '\\"') + '"'
    assert bool(found(trigger(f"{{filters: [{{cesql: {quoted}}}]}}"), "KNA008")) == is_wrong


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("{cesql: a AND b AND c}", 0),
        ("{cesql: a AND b OR c}", 1),
        ("{not: {any: [{all: [{cesql: a OR b XOR c}]}, {cesql: REGEX(a)}]}}", 2),
        ("{cesql: (a}", 0),
        ("{cesql: length(a) = 1}", 0),
    ],
)
def test_an_expression_that_may_mislead(filters, count):
    assert len(found(trigger(f"{{filters: [{filters}]}}"), "KNA017")) == count


class TestDelivery:
    def test_a_trigger_may_say_it_for_its_broker(self):
        retrying = trigger("{broker: orders, delivery: {retry: 3}}")
        silent = trigger("{broker: orders}", name="other")
        assert not found(bundle(broker(), retrying), "KNA009")
        assert found(bundle(broker(), retrying, silent), "KNA009")

    def test_the_cluster_may_say_it_for_all(self):
        defaults = (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-br-defaults}\n"
            "data: {default-br-config: 'delivery: {retry: 3}'}\n"
        )
        assert not found(bundle(broker(), defaults), "KNA009")

    def test_a_dead_letter_sink_is_enough(self):
        assert not found(broker("{delivery: {deadLetterSink: {uri: http://a}}}"), "KNA009")

    def test_to_try_once_is_said_as_well_as_any(self):
        assert not found(broker("{delivery: {retry: 0}}"), "KNA009")
        assert found(broker("{delivery: {timeout: PT1S}}"), "KNA009")


@pytest.mark.parametrize(
    ("brokers", "of_trigger", "count"),
    [
        (["shop"], "shop", 0),
        (["shop"], "web", 1),
        (["shop"], "", 1),
        (["", ""], "", 0),
        (["shop", "web"], "web", 0),
        ([], "web", 0),
    ],
)
def test_a_trigger_is_beside_its_broker(brokers, of_trigger, count):
    texts = [broker(namespace=each) for each in brokers]
    texts.append(trigger("{broker: orders}", namespace=of_trigger))
    assert len(found(bundle(*texts), "KNA010")) == count


class TestSubscribers:
    PLAIN = trigger("{subscriber: {ref: {apiVersion: v1, kind: Service, name: cart}}}")

    def test_a_plain_service_is_a_fine_one(self):
        plain = an_object("Service", "{selector: {app: cart}}", version="v1")
        assert not found(self.PLAIN, "KNA011")
        assert not found(bundle(self.PLAIN, plain), "KNA011")

    def test_a_knative_service_is_named_as_what_it_is(self):
        assert found(bundle(self.PLAIN, an_object("Service", "{}")), "KNA011")


class TestSubsets:
    RULE = an_object(
        "DestinationRule",
        "{host: cart.shop.svc.cluster.local, subsets: [{name: a}]}",
        version="networking.istio.io/v1",
    )

    def test_a_plain_service_of_that_name_leaves_it_open(self):
        knative = an_object("Service", "{}")
        plain = an_object("Service", "{}", version="v1")
        assert found(bundle(self.RULE, knative), "KNA012")
        assert not found(bundle(self.RULE, knative, plain), "KNA012")
        assert not found(self.RULE, "KNA012")

    def test_a_policy_without_subsets_is_right(self):
        rule = self.RULE.replace("subsets: [{name: a}]", "trafficPolicy: {}")
        assert not found(bundle(rule, an_object("Service", "{}")), "KNA012")


class TestRevisions:
    TO_GREEN = with_traffic(
        "{revisionName: cart-green, percent: 100}", template="{name: cart-blue}"
    )

    def lines(self, tmp_path, files):
        from wherry_build.lint.source import read

        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return [each.path for each in lint(read([tmp_path]), select=["KNA014"])]

    def test_what_a_cluster_has_kept_is_not_known(self):
        assert not found(self.TO_GREEN, "KNA014")

    @pytest.mark.parametrize("name", ["green", "cart", "cart-", "cartoon-1"])
    def test_another_services_revision_is_none_of_its_own(self, name):
        text = with_traffic(f"{{revisionName: {name}, percent: 100}}")
        assert found(text, "KNA014")

    def test_a_later_step_comes_too_late(self, tmp_path):
        green = with_traffic("{latestRevision: true, percent: 100}", template="{name: cart-green}")
        files = {"1-deploy/cart.yaml": self.TO_GREEN, "2-shift/cart.yaml": green}
        assert self.lines(tmp_path / "wrong", files) == [str(tmp_path / "wrong/1-deploy/cart.yaml")]
        turned = {"1-deploy/cart.yaml": green, "2-shift/cart.yaml": self.TO_GREEN}
        assert self.lines(tmp_path / "right", turned) == []
        others = {"staging/cart.yaml": green, "prod/cart.yaml": self.TO_GREEN}
        assert self.lines(tmp_path / "others", others) == []

    @pytest.mark.parametrize(("name", "count"), [("cart-green", 0), ("cart-red", 1)])
    def test_where_revisions_are_given_it_is_one_of_them(self, name, count):
        revision = an_object(
            "Revision", "{}", name=name, metadata="labels: {serving.knative.dev/service: cart}"
        )
        assert len(found(bundle(self.TO_GREEN, revision), "KNA014")) == count


BINDING = "sources.knative.dev/v1"
SUBJECT = "{{apiVersion: {}, kind: {}, name: cart, namespace: {}}}"


@pytest.mark.parametrize(
    ("template", "subject", "count"),
    [
        ("{metadata: {name: cart-v2}}", SUBJECT.format(SERVING, "Service", "shop"), 1),
        ("{}", SUBJECT.format(SERVING, "Service", "shop"), 0),
        ("{}", SUBJECT.format(SERVING, "Service", "mail"), 1),
        ("{metadata: {name: cart-v2}}", SUBJECT.format("apps/v1", "Deployment", "shop"), 0),
        ("{metadata: {name: cart-v2}}", "{selector: {matchLabels: {a: b}}}", 0),
        ("[]", "[]", 0),
    ],
)
def test_a_sink_is_told_to_what_takes_it(template, subject, count):
    binding = an_object("SinkBinding", f"{{subject: {subject}}}", version=BINDING)
    service = an_object("Service", f"{{template: {template}}}")
    assert len(found(bundle(service, binding), "KNA018")) == count
