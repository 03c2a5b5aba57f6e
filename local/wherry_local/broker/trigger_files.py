"""Triggers and Brokers of Knative's, from the files that are applied to a cluster.

`eventing.knative.dev/v1` as it is; objects of other kinds are passed over. What a cluster would
refuse is refused here, and so is what could not be delivered to: a Service that is no function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from wherry_build.project.reading.fault import Fault, invalid, nearest
from wherry_build.project.reading.reader import WRONG, Reader
from wherry_build.project.shape import Items, Keyed
from wherry_build.project.specification.eventing import Backoff, Filter
from wherry_local.broker.filters import Condition, compiled, compiled_attributes
from wherry_local.broker.manifest_text import Value, documents
from wherry_local.broker.matching import DEFAULT_BROKER
from wherry_local.broker.subscription import (
    BrokerKey,
    DeliveryPolicy,
    Destination,
    Origin,
    Subscription,
)
from wherry_local.deployment import FunctionKey
from wherry_local.errors import ManifestInvalid

_API = "eventing.knative.dev/v1"
_SERVICES = ("serving.knative.dev/v1", "v1")
_SUFFIXES = frozenset({".yaml", ".yml"})
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
_ATTRIBUTE = r"[a-z][a-z0-9]*"
_FILTERS = Items(item=Keyed(record=Filter))
_PRESENT = "EXISTS {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """What files say.

    Attributes:
        brokers: The brokers.
        subscriptions: The triggers.
    """

    brokers: Sequence[BrokerKey]
    subscriptions: Sequence[Subscription]


class ManifestReader:
    """Reads the files of one project.

    Args:
        namespace: Namespace of an object that names none.
        functions: The functions that a Service may be, by name.
    """

    def __init__(self, *, namespace: str, functions: Iterable[FunctionKey]) -> None:
        self._namespace = namespace
        self._functions = {each.name: each for each in functions}
        self._brokers: dict[BrokerKey, DeliveryPolicy] = {}
        self._triggers: dict[tuple[str, str], Callable[[], Subscription]] = {}

    def read(self, places: Iterable[Path]) -> Manifests:
        """Read files, and the files of folders with all that is in them.

        Raises:
            ManifestInvalid: With every fault of the first file that has one.
        """
        for path in _files(places):
            self._read_file(path)
        return Manifests(
            brokers=tuple(self._brokers),
            subscriptions=tuple(made() for made in self._triggers.values()),
        )

    def _read_file(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ManifestInvalid(f"{path}: cannot be read: {error.strerror}") from None
        found, faults = documents(content, path=str(path))
        for document in found:
            self._read_document(document)
        if faults:
            raise ManifestInvalid(invalid(faults).message)

    def _read_document(self, document: Value) -> None:
        kind, version = document.get("kind"), document.get("apiVersion")
        word = kind.text() if kind is not None else None
        if word not in {"Trigger", "Broker"}:
            return
        if version is None:
            document.refuse(f"a map with apiVersion: {_API}")
            return
        said = version.text() or ""
        if not said.startswith("eventing.knative.dev/"):
            return
        if said != _API:
            version.refuse(_API)
            return
        key = self._key(document)
        if key is None:
            return
        if word == "Broker":
            self._broker(key, document)
        else:
            self._trigger(key, document)

    def _key(self, document: Value) -> BrokerKey | None:
        metadata = document.get("metadata")
        name = metadata.get("name") if metadata is not None else None
        if metadata is None or name is None:
            document.refuse("metadata.name")
            return None
        text = name.text(expected="a DNS name in lower case", pattern=_NAME)
        namespace = metadata.get("namespace")
        where: str | None = self._namespace
        if namespace is not None:
            where = namespace.text(expected="a namespace", pattern=_LABEL)
        return BrokerKey(where, text) if text is not None and where is not None else None

    def _broker(self, key: BrokerKey, document: Value) -> None:
        if key in self._brokers:
            document.refuse(f"each Broker once; {key} is there a second time")
        spec = document.get("spec")
        policy = DeliveryPolicy()
        if spec is not None:
            spec.known("config", "delivery")
            delivery = spec.get("delivery")
            if delivery is not None:
                policy = self._policy(delivery, key.namespace)
        self._brokers[key] = policy

    def _trigger(self, key: BrokerKey, document: Value) -> None:
        if tuple(key) in self._triggers:
            document.refuse(f"each Trigger once; {key} is there a second time")
        spec = document.get("spec")
        if spec is None:
            document.refuse("a map with spec.broker and spec.subscriber")
            return
        spec.known("broker", "brokerRef", "filter", "filters", "subscriber", "delivery")
        broker = spec.get("broker")
        name = DEFAULT_BROKER if broker is None else broker.text(pattern=_NAME)
        subscriber = spec.get("subscriber")
        if subscriber is None:
            spec.refuse("a map with a subscriber")
            return
        destination = self._destination(subscriber, key.namespace)
        condition, filters = _condition(spec)
        delivery = spec.get("delivery")
        policy = None if delivery is None else self._policy(delivery, key.namespace)
        if name is None or destination is None:
            return
        of = BrokerKey(key.namespace, name)

        # Its broker may come in a file after this one.
        def made() -> Subscription:
            return Subscription(
                name=key.name,
                broker=of,
                destination=destination,
                policy=policy or self._brokers.get(of, DeliveryPolicy()),
                condition=condition,
                filters=filters,
                origin=Origin.FILE,
            )

        self._triggers[key] = made

    def _destination(self, said: Value, namespace: str) -> Destination | None:
        said.known("ref", "uri", "CACerts", "audience")
        ref, uri = said.get("ref"), said.get("uri")
        path = None
        if uri is not None:
            text = uri.text(expected="an address", pattern=r"[!-~]+")
            if text is None:
                return None
            if ref is None:
                return _address(uri, text)
            path = text
        if ref is None:
            said.refuse("ref or uri")
            return None
        function = self._function(ref)
        if function is None:
            return None
        found = Destination.of_function(function, namespace=namespace)
        if path is None:
            return found
        parts = urlsplit(urljoin(f"{found.address}/", path))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Destination.of_function(function, namespace=namespace, path=target)

    def _function(self, ref: Value) -> FunctionKey | None:
        ref.known("apiVersion", "kind", "name", "namespace", "address", "group")
        kind, name, version = ref.get("kind"), ref.get("name"), ref.get("apiVersion")
        if kind is None or name is None:
            ref.refuse("a map with kind: Service and a name")
            return None
        if kind.text() != "Service" or (version is not None and version.text() not in _SERVICES):
            kind.refuse("Service, of serving.knative.dev/v1 or v1; anything else by its uri")
            return None
        text = name.text()
        if text is None:
            return None
        if text not in self._functions:
            known = ", ".join(self._functions) or "none"
            name.refuse(f"a function of the project ({known})", like=nearest(text, self._functions))
        return self._functions.get(text)

    def _policy(self, said: Value, namespace: str) -> DeliveryPolicy:
        """A delivery that is said; what it leaves out is then nothing, and not what is usual."""
        said.known(
            "retry", "backoffPolicy", "backoffDelay", "timeout", "retryAfterMax",
            "deadLetterSink", "format",
        )  # fmt: skip
        retry, policy, delay = (said.get(k) for k in ("retry", "backoffPolicy", "backoffDelay"))
        timeout, bound, sink = (said.get(k) for k in ("timeout", "retryAfterMax", "deadLetterSink"))
        shape = said.get("format")
        grows = None if policy is None else policy.text(
            expected="one of linear, exponential", pattern="linear|exponential"
        )  # fmt: skip
        form = None if shape is None else shape.text(
            expected="one of json, binary", pattern="json|binary"
        )  # fmt: skip
        # A cluster waits only where both are said.
        delay_s = delay.period_s() if delay is not None else None
        return DeliveryPolicy(
            retry=(retry.whole(0, 1000) if retry is not None else 0) or 0,
            backoff=Backoff(grows) if grows else Backoff.EXPONENTIAL,
            delay_s=delay_s if delay_s is not None and grows else 0.0,
            timeout_s=(timeout.period_s() if timeout is not None else None) or None,
            retry_after_most_s=bound.period_s() if bound is not None else None,
            dead_letter=self._destination(sink, namespace) if sink is not None else None,
            structured=form == "json",
        )


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(
                each for each in place.rglob("*") if each.suffix in _SUFFIXES and each.is_file()
            )
        else:
            yield place


def _address(value: Value, text: str) -> Destination | None:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        value.refuse("`http://host[:port][/path]` without credentials")
        return None
    return Destination(address=text)


def _condition(spec: Value) -> tuple[Condition, tuple[Filter, ...]]:
    """What a Trigger takes; `filters` count before the older `filter`."""
    filters, older = spec.get("filters"), spec.get("filter")
    if filters is not None:
        reader = Reader()
        said = reader.read(_FILTERS, filters.tree, what="filters")
        spec.faults.extend(reader.faults)
        if said is WRONG or reader.faults:
            return compiled([]), ()
        if said:
            return compiled(said, clause="spec.filters"), said
    if older is None:
        return compiled([]), ()
    older.known("attributes")
    attributes = older.get("attributes")
    wanted = {} if attributes is None else attributes.texts()
    for name in wanted:
        _check_attribute(name, older)
    exact = {name: value for name, value in wanted.items() if value}
    shown = [Filter(exact=exact)] if exact else []
    shown += [Filter(cesql=_PRESENT.format(name)) for name, value in wanted.items() if not value]
    return compiled_attributes(wanted, clause="spec.filter.attributes"), tuple(shown)


def _check_attribute(name: str, value: Value) -> None:
    if not re.fullmatch(_ATTRIBUTE, name):
        value.faults.append(
            Fault(
                position=value.tree.position,
                what=f"{value.name}.attributes",
                got=repr(name[:64]),
                expected="names of attributes: lower-case letters and digits, a letter first",
            )
        )
