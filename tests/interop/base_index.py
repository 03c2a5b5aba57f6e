"""A base image for two platforms in a registry, made of one that is for this machine alone.

The second platform's has the same layers and says another architecture. Nothing of it is run where
an image is put together without starting it, and that is what it is for.
"""

import hashlib
import http.client
import json
from urllib.parse import urljoin, urlsplit

INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_OCI = "application/vnd.oci.image"
ANY = f"{INDEX}, {MANIFEST}, {_OCI}.index.v1+json, {_OCI}.manifest.v1+json"


def two_platforms(host, name, *, source, tag, architectures=("amd64", "arm64")):
    """Put an index `name:tag` beside `name:source`, with a manifest for each architecture."""
    _, manifest = _get(host, f"/v2/{name}/manifests/{source}")
    manifest = json.loads(manifest)
    _, configuration = _get(host, f"/v2/{name}/blobs/{manifest['config']['digest']}")
    entries = []
    for architecture in architectures:
        changed = json.loads(configuration) | {"architecture": architecture}
        blob = json.dumps(changed).encode()
        config = manifest["config"] | {"digest": _put_blob(host, name, blob), "size": len(blob)}
        content = json.dumps(manifest | {"config": config}).encode()
        digest = _digest(content)
        _put_manifest(host, name, digest, content, MANIFEST)
        entries.append(
            {
                "mediaType": MANIFEST,
                "digest": digest,
                "size": len(content),
                "platform": {"os": "linux", "architecture": architecture},
            }
        )
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    _put_manifest(host, name, tag, json.dumps(index).encode(), INDEX)
    return f"{host}/{name}:{tag}"


def manifest_of(host, name, reference):
    """A manifest or an index as the registry has it."""
    return json.loads(_get(host, f"/v2/{name}/manifests/{reference}", ANY)[1])


def _digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _asked(host, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status < 300, f"{method} {path}: {answer.status} {content[:300]!r}"
        return answer.headers, content
    finally:
        connection.close()


def _get(host, path, accepted=MANIFEST):
    return _asked(host, "GET", path, headers={"Accept": accepted})


def _put_blob(host, name, content):
    headers, _ = _asked(host, "POST", f"/v2/{name}/blobs/uploads/")
    place = urlsplit(urljoin(f"http://{host}/", headers["Location"]))
    joined = "&" if place.query else "?"
    path = (
        f"{place.path}{f'?{place.query}' if place.query else ''}{joined}digest={_digest(content)}"
    )
    _asked(host, "PUT", path, content, {"Content-Type": "application/octet-stream"})
    return _digest(content)


def _put_manifest(host, name, reference, content, kind):
    _asked(host, "PUT", f"/v2/{name}/manifests/{reference}", content, {"Content-Type": kind})
