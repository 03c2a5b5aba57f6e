"""The triggers and brokers of a project, as wherry.yaml and its handlers say them. No I/O."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.project import Project
from wherry_build.project.deliveries import together
from wherry_build.project.specification import ProjectSpecification
from wherry_build.project.specification.eventing import Backoff, DeadLetter, Delivery, Trigger
from wherry_build.project.triggers import triggers
from wherry_local.broker.filters import compiled
from wherry_local.broker.matching import DEFAULT_BROKER
from wherry_local.broker.subscription import (
    BrokerKey,
    DeliveryPolicy,
    Destination,
    Origin,
    Subscription,
)
from wherry_local.project_namespaces import event_namespace, function_key


def brokers(project: Project) -> Iterator[BrokerKey]:
    """The default broker, and those that `project` declares."""
    namespace = event_namespace(project)
    specification = project.specification or ProjectSpecification()
    yield BrokerKey(namespace, DEFAULT_BROKER)
    for name in specification.brokers:
        yield BrokerKey(namespace, name)


def subscriptions(project: Project) -> Iterator[Subscription]:
    """The triggers of `project`, those included that follow from what handlers declare.

    Raises:
        ParseError: An expression in CESQL is none.
    """
    specification = project.specification or ProjectSpecification()
    for name, said in triggers(specification.triggers, project.functions).items():
        declared = name not in specification.triggers
        broker = specification.brokers.get(said.broker or DEFAULT_BROKER)
        of_broker = broker.delivery if broker is not None else None
        yield Subscription(
            name=name,
            broker=BrokerKey(event_namespace(project), said.broker or DEFAULT_BROKER),
            destination=_destination(project, said),
            policy=_policy(project, together(said.delivery, of_broker)),
            condition=compiled(
                said.filters, clause="filters" if declared else f"triggers.{name}.filters"
            ),
            filters=said.filters,
            origin=Origin.HANDLER if declared else Origin.PROJECT,
        )


def _destination(project: Project, said: Trigger) -> Destination:
    return Destination.of_function(
        function_key(project, said.function),
        namespace=event_namespace(project),
        path=said.path or "/",
    )


def _policy(project: Project, delivery: Delivery) -> DeliveryPolicy:
    delay, timeout = delivery.delay, delivery.timeout
    return DeliveryPolicy(
        retry=delivery.retry or 0,
        backoff=delivery.backoff or Backoff.EXPONENTIAL,
        delay_s=delay.milliseconds / 1000 if delay is not None else 0.0,
        timeout_s=timeout.milliseconds / 1000 if timeout is not None else None,
        dead_letter=_dead_letter(project, delivery.dead_letter),
    )


def _dead_letter(project: Project, said: DeadLetter | None) -> Destination | None:
    if said is None:
        return None
    if said.function is None:
        return Destination(address=said.url or "")
    return Destination.of_function(
        function_key(project, said.function), namespace=event_namespace(project)
    )
