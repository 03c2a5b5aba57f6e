"""Why a cluster refused an object, in words that give nothing away."""

import json

import pytest

from wherry_build.deploy.identity import ObjectKey
from wherry_build.deploy.refusal import Cause, refusal, refused, unserved

KEY = ObjectKey(api_version="serving.knative.dev/v1", kind="Service", namespace="fns", name="hello")


def read(status, message="", *, value=None, **more):
    body = json.dumps({"kind": "Status", "message": message, **more}).encode()
    return refusal(KEY, status=status, body=body, value=value)


def conflict():
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl-client-side-apply" using serving.knative.dev/v1',
            "field": ".spec.template.spec.timeoutSeconds",
        },
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "hpa" with subresource "scale" using apps/v1',
            "field": ".spec.replicas",
        },
    ]
    return read(409, "Apply failed with 2 conflicts", details={"causes": causes})


def test_a_conflict_names_every_field_and_its_owner():
    found = conflict()
    assert found.cause is Cause.CONFLICT
    assert found.message == (
        ".spec.template.spec.timeoutSeconds belongs to kubectl-client-side-apply; "
        ".spec.replicas belongs to hpa"
    )
    assert "--force-conflicts" in refused([found], applied=None).hint


def test_a_409_without_fields_is_no_conflict_of_owners():
    found = read(409, "object is being deleted")
    assert (found.cause, found.message) == (Cause.OTHER, "object is being deleted")


@pytest.mark.parametrize("body", [b"", b"404 page not found\n", b"[]", b"\xff", b"{}", b"null"])
def test_any_body_is_read(body):
    assert refusal(KEY, status=500, body=body, value=None).message == "HTTP 500"


def test_values_of_environment_variables_are_not_told():
    value = {
        "spec": {
            "containers": [
                {"env": [{"name": "A", "value": "hunter22"}, {"name": "B", "value": "hunter22-b"}]},
                {"env": [{"name": "C", "valueFrom": {}}, {"name": "D", "value": "v1"}]},
            ]
        }
    }
    found = read(422, 'env[1]: Invalid value: "hunter22-b": v1 is no', value=value)
    assert found.message == 'env[1]: Invalid value: "[a value of env]": v1 is no'


def test_words_are_printable_and_have_an_end():
    found = read(422, "a\x1b[2J\nb\r\t c" + "x" * 5000)
    assert found.message.startswith("a [2J b cx")
    assert found.message.isprintable()
    assert len(found.message) <= 2001


def test_a_kind_that_is_not_there_says_what_to_install():
    error = refused([unserved(KEY)], applied=None)
    assert error.message == (
        "the cluster refuses 1 object; nothing has been changed:\n"
        "  service.serving.knative.dev/hello: the cluster has no Service of serving.knative.dev/v1"
    )
    assert error.hint.startswith("install Knative Serving")
    assert error.exit_code == 1


def test_what_is_forbidden_says_how_to_ask():
    found = read(403, 'User "me" cannot patch resource "services"')
    assert found.cause is Cause.FORBIDDEN
    hint = refused([found], applied=None).hint
    assert hint == "kubectl auth can-i patch service.serving.knative.dev -n fns"


def test_the_hint_is_of_what_is_to_be_mended_first():
    several = [read(422), conflict(), read(403), unserved(KEY)]
    while several:
        assert refused(several, applied=None).hint == several[-1].hint
        several.pop()
    assert refused([read(422)], applied=None).hint == ""


def test_what_was_applied_before_is_told():
    other = ObjectKey(api_version="v1", kind="ConfigMap", namespace="fns", name="proxy")
    error = refused([read(422, "no")], applied=[other])
    assert error.message.startswith("the cluster refuses 1 object, after it took configmap/proxy:")
    assert "nothing has been changed" not in refused([read(422, "no")], applied=[]).message
