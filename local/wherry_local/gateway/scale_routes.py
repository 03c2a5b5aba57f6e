"""Scaling by hand and by alerts: `/system/scale-function/{name}` and `/system/alert`."""

from __future__ import annotations

from typing import Any

from wherry.reply import Reply
from wherry_local.autoscaling.labels import step_of_alert
from wherry_local.autoscaling.terms import InvalidScale
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.gateway import names
from wherry_local.gateway.answers import Refused, document, in_text, object_of, text
from wherry_local.gateway.deployments import Deployments
from wherry_local.gateway.fleet import Fleet, Scaled
from wherry_local.gateway.function_routes import namespace_of

_MOST_ALERTS = 1_000


class ScaleRoutes:
    """Scales the functions of one platform."""

    def __init__(self, deployments: Deployments, fleet: Fleet) -> None:
        self._deployments = deployments
        self._fleet = fleet

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                methods=("POST",),
                pattern="/system/scale-function/{name}",
                answer=in_text(self._scale),
            ),
            Route(methods=("POST",), pattern="/system/alert", answer=in_text(self._alert)),
        ]

    async def _scale(self, asked: Asked) -> Reply:
        said = object_of(asked)
        named = names.key_in_path(asked.named["name"])
        inside = said.get("serviceName")
        if inside and inside != named.name:
            raise Refused(400, "serviceName: expected the name in the path")
        wanted = said.get("replicas")
        if not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 <= wanted < 1 << 31:
            raise Refused(400, "replicas: expected a number, 0 or more")
        replicas = self._replicas(named.name, namespace_of(asked, said) or named.namespace)
        most = replicas.deployment.scale.most
        replicas.scale_to(min(wanted, most), "scaled by hand")
        if wanted <= most:
            return text(202)
        return document(202, {"message": f"scaled to {most}, which is the most that its scale has"})

    async def _alert(self, asked: Asked) -> Reply:
        alerts = object_of(asked).get("alerts")
        if not isinstance(alerts, list) or len(alerts) > _MOST_ALERTS:
            raise Refused(400, f"alerts: expected a list of at most {_MOST_ALERTS}")
        for alert in alerts:
            self._follow(alert)
        return text(200)

    def _follow(self, alert: Any) -> None:
        labels = alert.get("labels") if isinstance(alert, dict) else None
        named = labels.get("function_name") if isinstance(labels, dict) else None
        if not isinstance(named, str):
            raise Refused(400, "alerts: expected labels with a function_name")
        key = names.key_in_path(named)
        replicas = self._replicas(key.name, key.namespace)
        scale = replicas.deployment.scale
        if alert.get("status") == "resolved":
            replicas.scale_to(scale.least or min(1, replicas.desired), "an alert is over")
            return
        try:
            step = step_of_alert(replicas.deployment.labels, scale.most)
        except InvalidScale as invalid:
            raise Refused(400, invalid.message) from None
        if step > 0 and scale.least != scale.most:
            replicas.scale_to(min(replicas.desired + step, scale.most), "an alert fires")

    def _replicas(self, name: str, namespace: str) -> Scaled:
        replicas = self._fleet.find(self._deployments.locate(name, namespace))
        if replicas is None:
            raise Refused(404, f"error finding function {name}: function not found")
        return replicas
