"""Events of Google's services as background functions know them.

Each legacy type has a CloudEvent type, and each service its own place for the resource. An event
of any other type keeps its names. This module must not know requests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from wherry.adapters.functions_framework.context import Context

_PUBSUB = "pubsub.googleapis.com"
_STORAGE = "storage.googleapis.com"
_AUTH = "firebaseauth.googleapis.com"
_DATABASE = "firebasedatabase.googleapis.com"
_MESSAGE = "type.googleapis.com/google.pubsub.v1.PubsubMessage"
_PUBLISH = "google.pubsub.topic.publish"
_SOURCE = re.compile(r"//([^/]+)/(.+)")
_TOPIC = re.compile(r"projects/[^/?]+/topics/[^/?]+")
_LOCATION = re.compile(r"/locations/[^/]+")
# By family, because that is how both names are built.
_VERBS: dict[tuple[str, str], Mapping[str, str]] = {
    ("google.cloud.storage.object.v1.", "google.storage.object."): {
        "finalized": "finalize",
        "deleted": "delete",
        "archived": "archive",
        "metadataUpdated": "metadataUpdate",
    },
    (
        "google.cloud.firestore.document.v1.",
        "providers/cloud.firestore/eventTypes/document.",
    ): {"written": "write", "created": "create", "updated": "update", "deleted": "delete"},
    ("google.firebase.auth.user.v1.", "providers/firebase.auth/eventTypes/user."): {
        "created": "create",
        "deleted": "delete",
    },
    (
        "google.firebase.database.ref.v1.",
        "providers/google.firebase.database/eventTypes/ref.",
    ): {"written": "write", "created": "create", "updated": "update", "deleted": "delete"},
    (
        "google.firebase.analytics.log.v1.",
        "providers/google.firebase.analytics/eventTypes/event.",
    ): {"written": "log"},
    ("google.cloud.pubsub.topic.v1.", "google.pubsub.topic."): {"messagePublished": "publish"},
}
_LEGACY_TYPES = {
    event + done: legacy + do
    for (event, legacy), verbs in _VERBS.items()
    for done, do in verbs.items()
}
_AUTH_NAMES = {"createTime": "createdAt", "lastSignInTime": "lastSignedInAt"}


def background_of(event: Any) -> tuple[Any, Context]:
    """Data and context of `event`, an event of version 1 of the SDK."""
    kind, source, subject = str(event["type"]), event["source"], event.get("subject")
    place = _SOURCE.fullmatch(source)
    service, name = (place[1], place[2]) if place is not None else ("", source)
    data: Any = event.data
    resource: Any = name if subject is None else f"{name}/{subject}"
    if kind in _LEGACY_TYPES and isinstance(data, dict):
        if service == _PUBSUB:
            resource = {"service": service, "name": name, "type": _MESSAGE}
            data = _without_envelope(data)
        elif service == _STORAGE:
            resource = {"service": service, "name": resource, "type": data.get("kind", "")}
        elif service == _AUTH:
            resource = name
            data = _with_legacy_metadata(data)
        elif service == _DATABASE:
            resource = _LOCATION.sub("", resource)
    return data, Context(
        eventId=event["id"],
        timestamp=event.get("time", ""),
        eventType=_LEGACY_TYPES.get(kind, kind),
        resource=resource,
    )


def is_push(document: Mapping[str, Any]) -> bool:
    """Whether `document` is what a subscription of Pub/Sub pushes."""
    message = document.get("message")
    return (
        "subscription" in document
        and "context" not in document
        and isinstance(message, dict)
        and "data" in message
        and "messageId" in message
    )


def background_of_push(document: Mapping[str, Any], path: str) -> tuple[Any, Context]:
    """Data and context of a push of Pub/Sub; the topic is in the path where it was told."""
    message = document["message"]
    topic = _TOPIC.search(path)
    now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    context = Context(
        eventId=message["messageId"],
        timestamp=message.get("publishTime", now),
        eventType=_PUBLISH,
        resource={"service": _PUBSUB, "type": _MESSAGE, "name": topic[0] if topic else ""},
    )
    data = {"@type": _MESSAGE, "data": message["data"]}
    return {**data, "attributes": message.get("attributes", {})}, context


def _without_envelope(data: Mapping[str, Any]) -> Any:
    message = data.get("message", data)
    if not isinstance(message, dict):
        return message
    return {k: v for k, v in message.items() if k not in {"messageId", "publishTime"}}


def _with_legacy_metadata(data: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        return data
    return {**data, "metadata": {_AUTH_NAMES.get(k, k): v for k, v in metadata.items()}}
