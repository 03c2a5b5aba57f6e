"""The bill of an image in each form, and how it was made: what is in them, and that they repeat."""

import json
import re

import pytest

from wherry_build.image.attestation import cyclonedx, provenance, spdx
from wherry_build.image.attestation.artifact import artifacts
from wherry_build.image.attestation.bill import Bill, Commit, Part
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.engine import Attestation, Bom

DIGEST = f"sha256:{'1' * 64}"
BASE = f"sha256:{'2' * 64}"
PARTS = (
    Part(
        name="orjson",
        version="3.11.3",
        sha256="a" * 64,
        file_name="orjson-3.11.3-cp312-cp312-manylinux_2_17_x86_64.whl",
        url="https://files.example.com/orjson.whl",
        licence="Apache-2.0 OR MIT",
    ),
    Part(name="wherry", version="0.1.0"),
)
BILL = Bill(
    repository="ghcr.io/acme/hello",
    function="hello",
    digest=DIGEST,
    platform="linux/amd64",
    base_name="docker.io/library/python",
    base_digest=BASE,
    parts=PARTS,
    maker_version="0.1.0",
    created_s=0,
    commit=Commit(digest="c" * 40, is_changed=True, remote="https://example.com/acme/shop.git"),
)
SUBJECT = Descriptor(
    media_type="application/vnd.oci.image.manifest.v1+json", digest=DIGEST, size_bytes=500
)


def test_spdx():
    made = spdx.document(BILL)
    packages = {each["SPDXID"]: each for each in made["packages"]}
    assert made["spdxVersion"] == "SPDX-2.3"
    assert made["creationInfo"]["created"] == "1970-01-01T00:00:00Z"
    assert packages["SPDXRef-Package-orjson-3.11.3"]["licenseDeclared"] == "Apache-2.0 OR MIT"
    assert packages["SPDXRef-Package-wherry-0.1.0"]["licenseDeclared"] == "NOASSERTION"
    (reference,) = packages["SPDXRef-Image"]["externalRefs"]
    assert reference["referenceLocator"] == (
        f"pkg:oci/hello@sha256%3A{'1' * 64}?repository_url=ghcr.io/acme/hello"
    )
    named = {"SPDXRef-DOCUMENT", *packages}
    kinds = set()
    for each in made["relationships"]:
        assert {each["spdxElementId"], each["relatedSpdxElement"]} <= named
        kinds.add(each["relationshipType"])
    assert kinds == {"DESCRIBES", "DESCENDANT_OF", "CONTAINS"}
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in packages)


def test_cyclonedx():
    made = cyclonedx.document(BILL)
    components = {each["name"]: each for each in made["components"]}
    assert made["specVersion"] == "1.6"
    assert components["orjson"]["licenses"] == [{"expression": "Apache-2.0 OR MIT"}]
    assert components["orjson"]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert "licenses" not in components["wherry"]
    names = {made["metadata"]["component"]["bom-ref"]}
    names |= {each["bom-ref"] for each in made["components"]}
    assert len(names) == 1 + len(made["components"])
    assert {each["ref"] for each in made["dependencies"]} == names


def test_provenance():
    made = provenance.statement(BILL)
    assert made["subject"] == [{"name": "ghcr.io/acme/hello", "digest": {"sha256": "1" * 64}}]
    definition = made["predicate"]["buildDefinition"]
    assert definition["resolvedDependencies"] == [
        {
            "name": "source",
            "digest": {"gitCommit": "c" * 40},
            "uri": "git+https://example.com/acme/shop.git",
            "annotations": {"changed": True},
        },
        {
            "name": "base",
            "uri": f"pkg:oci/python@sha256%3A{'2' * 64}?repository_url=docker.io/library/python",
            "digest": {"sha256": "2" * 64},
        },
        {
            "uri": "pkg:pypi/orjson@3.11.3",
            "digest": {"sha256": "a" * 64},
            "downloadLocation": "https://files.example.com/orjson.whl",
        },
    ]


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        (Attestation(), []),
        (Attestation(bom=Bom.SPDX), ["application/spdx+json"]),
        (
            Attestation(bom=Bom.CYCLONEDX, provenance=True),
            ["application/vnd.cyclonedx+json", "application/vnd.in-toto+json"],
        ),
        (Attestation(provenance=True), ["application/vnd.in-toto+json"]),
    ],
)
def test_each_is_a_manifest_about_the_image_after_the_blobs_that_it_names(wanted, kinds):
    made = list(artifacts(BILL, SUBJECT, wanted))
    assert [
        each.descriptor.artifact_type for each in made if each.descriptor.artifact_type
    ] == kinds
    before = set()
    for each in made:
        assert Descriptor.of(each.content, "").digest == each.descriptor.digest
        if each.descriptor.artifact_type:
            manifest = json.loads(each.content)
            assert manifest["subject"]["digest"] == DIGEST
            assert manifest["artifactType"] == each.descriptor.artifact_type
            named = [manifest["config"], *manifest["layers"]]
            assert {one["digest"] for one in named} <= before
        before.add(each.descriptor.digest)


def test_the_same_bill_gives_the_same_bytes_and_another_one_others():
    wanted = Attestation(bom=Bom.CYCLONEDX, provenance=True)
    assert list(artifacts(BILL, SUBJECT, wanted)) == list(artifacts(BILL, SUBJECT, wanted))
    other = Bill(**{**{name: getattr(BILL, name) for name in Bill.__slots__}, "parts": PARTS[:1]})
    assert other.number != BILL.number
    assert isinstance(next(artifacts(other, SUBJECT, wanted)), BytesContent)
