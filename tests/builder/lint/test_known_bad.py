"""The faults of a public collection of manifests, each with the rule that finds it.

The files are read in place (`../shared/data/known-bad`, or `$WHERRY_SHARED_DATA`). The ids are
those of the list of their faults: N for NGINX, E for Envoy, I for Istio, K for Knative.
"""

import os
from pathlib import Path

import pytest

from wherry_build.lint.run import lint
from wherry_build.lint.schemas.catalogue import read_schemas
from wherry_build.lint.source import read

pytestmark = pytest.mark.shared

SHARED = Path(os.environ.get("WHERRY_SHARED_DATA") or Path(__file__).parents[4] / "shared/data")
KNOWN_BAD = SHARED / "known-bad"

# Fault, file, rule. One fault may be seen by several rules, and in several files.
FOUND = [
    # NGINX
    ("N1", "nginx-sidecar.yaml", "LNT001"),
    ("N2", "nginx-sidecar-service.yaml", "LNT001"),
    ("N8", "nginx.conf", "NGX001"),
    ("N9", "nginx.conf", "NGX001"),
    ("N12", "nginx.conf", "NGX002"),
    ("N13", "nginx.conf", "NGX003"),
    ("N14", "nginx.conf", "NGX004"),
    ("N15", "nginx.conf", "NGX005"),
    ("N17", "nginx-sidecar.yaml", "K8S006"),
    ("N18", "nginx-sidecar.yaml", "K8S007"),
    ("N19", "nginx-sidecar.yaml", "K8S008"),
    ("N19", "nginx-sidecar.yaml", "K8S011"),
    # Envoy
    ("E1", "envoy-configuration.yaml", "LNT001"),
    ("E2", "envoy-configuration.yaml", "ENV001"),
    ("E3", "envoy-sidecar-deployment.yaml", "ENV014"),
    ("E4", "envoy-configuration.yaml", "ENV003"),
    ("E5", "envoy-configuration.yaml", "ENV004"),
    ("E6", "envoy-configuration.yaml", "ENV005"),
    ("E7", "envoy-configuration.yaml", "ENV004"),
    ("E9", "envoy-configuration.yaml", "ENV007"),
    ("E11", "service1-service.yaml", "K8S002"),
    ("E11", "service2-service.yaml", "K8S002"),
    ("E13", "envoy-configuration.yaml", "ENV011"),
    ("E14", "envoy-sidecar-deployment.yaml", "ENV006"),
    ("E16", "envoy-sidecar-deployment.yaml", "K8S001"),
    ("E16", "service1-deployment.yaml", "K8S001"),
    ("E16", "service2-deployment.yaml", "K8S001"),
    ("E19", "envoy-sidecar-deployment.yaml", "K8S007"),
    ("E20", "envoy-configuration.yaml", "K8S013"),
    ("E21", "envoy-configuration.yaml", "ENV012"),
    ("E21", "envoy-configuration.yaml", "ENV015"),
    ("E22", "envoy-sidecar-deployment.yaml", "K8S014"),
    # Istio
    ("I1", "istio-destination-rule-1.yaml", "IST001"),
    ("I1", "istio-destination-rule-2.yaml", "IST001"),
    ("I1", "istio-destination-rule-3.yaml", "IST001"),
    ("I1", "istio-virtual-service-1.yaml", "IST001"),
    ("I1", "istio-virtual-service-2.yaml", "IST001"),
    ("I1", "istio-virtual-service-3.yaml", "IST001"),
    ("I2", "istio-virtual-service-2.yaml", "SCH001"),
    ("I2", "istio-virtual-service-3.yaml", "SCH001"),
    ("I3", "istio-destination-rule-1.yaml", "IST002"),
    ("I4", "istio-virtual-service-2.yaml", "IST003"),
    ("I4", "istio-virtual-service-3.yaml", "IST003"),
    ("I6", "istio-service-service.yaml", "K8S002"),
    ("I7", "istio-service-service.yaml", "K8S009"),
    ("I8", "istio-virtual-service-1.yaml", "IST004"),
    ("I8", "istio-virtual-service-2.yaml", "IST004"),
    ("I8", "istio-virtual-service-3.yaml", "IST004"),
    ("I10", "istio-destination-rule-2.yaml", "IST008"),
    ("I10", "istio-destination-rule-3.yaml", "IST008"),
    ("I12", "istio-virtual-service-1.yaml", "IST018"),
    ("I19", "istio-service-deployment.yaml", "K8S001"),
    # Knative
    ("K1", "knative-broker.yaml", "KNA001"),
    ("K4", "knative-trigger.yaml", "K8S014"),
    ("K4", "knative-trigger.yaml", "KNA010"),
    ("K8", "knative-broker.yaml", "KNA009"),
]

# Fault, and why no rule finds it in these files.
LEFT = {
    "N3": "the Secret that goes by another name is made by a command, and in no file",
    "N4": "the Secret is made by a command, and in no file",
    "N5": "the names of files in the text of a book",
    "N6": "a request to a certificate authority is no manifest",
    "N7": "the configuration of a certificate authority is no manifest",
    "N10": "harmless by itself; the suites that it chooses among are found",
    "N11": "as root, which the files do not forbid, the port may be listened on",
    "N16": "what NGINX tells of itself and where it logs is a matter of taste",
    "N20": "which address a container listens on is in no manifest",
    "N21": "a claim of the text; the Service is valid",
    "N22": "a claim of the text",
    "E8": "two listeners may have routes of their own",
    "E10": "whether a function expects the prefix in its path is in no file",
    "E12": "the clusters dial no Service that is among the files (E11)",
    "E15": "the ConfigMap is made by a command, and in no file",
    "E17": "a command line",
    "E18": "a command line",
    "E23": "a word of the text",
    "I5": "the other Deployments are described by the text, and in no file",
    "I9": "a route for every host of its gateway is allowed, and the Gateway is in no file",
    "I11": "an uneven choice of three files, each of which is valid",
    "I13": "in which order files are applied is in none of them",
    "I14": "the Services have one port each, so a destination needs none",
    "I15": "what is done to a namespace by commands",
    "I16": "a command line",
    "I17": "a claim of the text",
    "I18": "a command line",
    "I20": "a claim of the text",
    "K2": "the addresses of releases in the text",
    "K3": "a host name in the text",
    "K6": "an answer in the text",
    "K7": "the headers of a call in the text",
    "K5": "that it should scale to zero is a claim of the text; the subscriber is valid",
    "K9": "the class of a Broker is filled in by the cluster",
    "K10": "the older form of a filter is still valid",
    "K11": "what is not shown cannot be found",
}


@pytest.fixture(scope="module")
def found():
    if not KNOWN_BAD.is_dir():
        pytest.skip(f"{KNOWN_BAD} is not there")
    findings = lint(read([KNOWN_BAD]), schemas=read_schemas(SHARED / "crds"))
    return {(Path(each.path).name, each.rule) for each in findings}


@pytest.mark.parametrize(("fault", "file", "rule"), FOUND)
def test_a_known_fault_is_found(found, fault, file, rule):
    assert (file, rule) in found, fault


def test_every_fault_is_found_or_left():
    found = {fault for fault, _, _ in FOUND}
    counts = {"N": 22, "E": 23, "I": 20, "K": 11}
    assert found.isdisjoint(LEFT)
    assert found | set(LEFT) == {
        f"{letter}{number}" for letter, count in counts.items() for number in range(1, count + 1)
    }
