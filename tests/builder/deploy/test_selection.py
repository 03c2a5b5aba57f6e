"""What a choice of functions would take from the others."""

import pytest

from wherry_build.deploy.selection import refuse_partial
from wherry_build.errors import ManifestError
from wherry_build.manifests.document import Document


def document(file, kind, spec):
    value = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    return Document(file=file, value=value)


SERVICE = document("10-service-a.yaml", "Service", {})
ROUTES = document("31-routes.yaml", "VirtualService", {"http": ["a", "b"]})
STACK = Document(file="stack.yaml", value={"functions": {"a": {}}})


def test_what_is_the_same_for_all_functions_goes():
    refuse_partial([SERVICE, STACK], [SERVICE, ROUTES])
    refuse_partial([SERVICE, ROUTES], [SERVICE, ROUTES])


@pytest.mark.parametrize(
    "partial",
    [
        document("31-routes.yaml", "VirtualService", {"http": ["a"]}),
        document("00-configuration-of-another-hash.yaml", "ConfigMap", {}),
    ],
)
def test_what_others_share_is_refused(partial):
    with pytest.raises(ManifestError) as caught:
        refuse_partial([SERVICE, partial], [SERVICE, ROUTES])
    assert f"out of {partial.value['kind'].lower()}/a" in caught.value.message
    assert caught.value.exit_code == 2
