"""Which functions there are: those of the project, and on top of them what callers deployed.

What callers deployed is kept in `.wherry/deployments.json` as they sent it, and resolved anew
whenever the project changes. A function of the project that a caller deletes is gone until the next
`wherry up`, for the project's files still say it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace

from wherry_build.project import Function
from wherry_local.classic import served
from wherry_local.deployment import DEFAULT_NAMESPACE, Deployment, FunctionKey
from wherry_local.gateway.answers import Refused
from wherry_local.gateway.deployment_file import Kept, read_kept, write_kept
from wherry_local.gateway.fleet import Fleet
from wherry_local.gateway.function_deployment import FunctionDeployment
from wherry_local.gateway.namespaces import Namespaces
from wherry_local.gateway.resolution import Resolver
from wherry_local.gateway.secret_mounts import SecretMounts
from wherry_local.state import StateFolder

_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One function as it is shown.

    Attributes:
        deployment: What is served.
        wanted: What a caller sent of it; None of one that the project alone says.
    """

    deployment: Deployment
    wanted: FunctionDeployment | None = None


class Deployments:
    """The functions of one platform; every change goes to the fleet.

    Args:
        fleet: Who serves them.
        state: The state folder.
        namespaces: Which namespaces there are.
        mounts: The folders of their secrets.
        surroundings: What the platform adds to the environment of one that is not the project's.
        engine_fault: Why no container engine can be used; None where one can.
        tell: Is told in one line what concerns the user.
    """

    def __init__(
        self,
        fleet: Fleet,
        state: StateFolder,
        *,
        namespaces: Namespaces,
        mounts: SecretMounts,
        surroundings: Mapping[str, str],
        engine_fault: Callable[[], str | None] = lambda: "no container engine is used",
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._fleet = fleet
        self._state = state
        self._namespaces = namespaces
        self._mounts = mounts
        self._surroundings = surroundings
        self._engine_fault = engine_fault
        self._tell = tell
        self._resolver = self._resolver_of((), {})
        self._deployed: dict[FunctionKey, Deployed] = {}
        self._declared: dict[FunctionKey, Deployment] = {}
        self._deleted: set[FunctionKey] = set()
        self._kept = read_kept(state)
        self._changing = asyncio.Lock()

    async def declare(
        self, declared: Sequence[Deployment], functions: Mapping[str, Function]
    ) -> None:
        """Serve what the project says, now and each time that it has changed.

        Args:
            declared: Its deployments.
            functions: Its functions by name.
        """
        async with self._changing:
            self._resolver = self._resolver_of(declared, functions)
            self._declared = {each.key: each for each in declared}
            wanted = self._all_wanted()
            self._mounts.clear_others(wanted)
            for key in [key for key in self._deployed if key not in wanted]:
                await self._withdraw(key)
            for key, deployed in wanted.items():
                before = self._deployed.get(key)
                if before is None or _differ(before, deployed):
                    self._lay(deployed.deployment)
                    self._tell_missing(deployed.deployment)
                    await self._serve(_after(before, deployed))

    @property
    def home(self) -> str:
        """Where the functions of the project live."""
        return self._namespaces.home

    def all(self, namespaces: Sequence[str]) -> list[Deployed]:
        """The functions of some namespaces, sorted by name."""
        found = [each for key, each in self._deployed.items() if key.namespace in namespaces]
        return sorted(found, key=lambda each: each.deployment.key)

    def locate(self, name: str, namespace: str = "") -> FunctionKey:
        """Which function a caller means; in the default namespace, the project's too.

        Raises:
            Refused: The namespace is none (400), or the function is not there (404).
        """
        found = self._found(name, namespace, self._deployed)
        if found is None:
            raise _absent(name, namespace)
        return found

    def find(self, key: FunctionKey) -> Deployed | None:
        """One function."""
        return self._deployed.get(key)

    async def create(self, wanted: FunctionDeployment) -> None:
        """Deploy a function; one that is there is changed, as every provider does.

        Raises:
            Refused: It cannot be deployed.
        """
        async with self._changing:
            found = self._found(wanted.service, wanted.namespace, self._deployed)
            key = found or FunctionKey(wanted.service, wanted.namespace or self.home)
            await self._deploy(wanted, key)

    async def change(self, wanted: FunctionDeployment) -> None:
        """Deploy a function that is there anew.

        Raises:
            Refused: It is not there (404), or cannot be deployed so.
        """
        async with self._changing:
            await self._deploy(wanted, self.locate(wanted.service, wanted.namespace))

    async def delete(self, name: str, namespace: str) -> str:
        """Serve a function no more; what there is to say of it, or nothing.

        Raises:
            Refused: It is not there.
        """
        async with self._changing:
            # One that cannot be served any more can be deleted all the same.
            key = self._found(name, namespace, {**self._deployed, **self._kept})
            if key is None:
                raise _absent(name, namespace)
            self._keep({each: kept for each, kept in self._kept.items() if each != key})
            if key in self._declared:
                self._deleted.add(key)
            await self._withdraw(key)
        if key not in self._declared:
            return ""
        return f"{key.name} is a function of the project: it is served again at the next wherry up"

    def mount_again(self, name: str, namespace: str) -> None:
        """Have the functions of a namespace that name a secret see what has become of it."""
        for key, each in self._deployed.items():
            if key.namespace == namespace and name in each.deployment.secrets:
                self._lay(each.deployment)

    def _found(
        self, name: str, namespace: str, among: Container[FunctionKey]
    ) -> FunctionKey | None:
        said = "" if namespace == DEFAULT_NAMESPACE else namespace
        keys = (FunctionKey(name, each) for each in self._namespaces.shown_with(said))
        return next((key for key in keys if key in among), None)

    async def _deploy(self, wanted: FunctionDeployment, key: FunctionKey) -> None:
        if key not in self._kept and len(self._kept) >= _MOST:
            raise Refused(400, f"functions: {_MOST} are deployed already, which is the most")
        missing = self._mounts.missing(wanted.secrets, key.namespace)
        if missing:
            raise Refused(400, f"unable to find secret: {missing[0]} in {key.namespace}")
        deployment = self._resolver.resolve(wanted, key)
        before = self._deployed.get(key)
        created = before.deployment.created_at if before is not None else time.time()
        revision = before.deployment.revision + 1 if before is not None else 1
        kept = Kept(
            wanted=replace(wanted, namespace=key.namespace), created_at=created, revision=revision
        )
        deployment = replace(deployment, created_at=created, revision=revision)
        self._lay(deployment)
        self._keep({**self._kept, key: kept})
        self._deleted.discard(key)
        await self._serve(Deployed(deployment=deployment, wanted=kept.wanted))

    def _resolver_of(
        self, declared: Sequence[Deployment], functions: Mapping[str, Function]
    ) -> Resolver:
        return Resolver(
            declared, functions, surroundings=self._surroundings, engine_fault=self._engine_fault
        )

    def _all_wanted(self) -> dict[FunctionKey, Deployed]:
        wanted = {
            key: Deployed(deployment=each)
            for key, each in self._declared.items()
            if key not in self._deleted
        }
        for key, kept in self._kept.items():
            try:
                deployment = self._resolver.resolve(kept.wanted, key)
            except Refused as refused:
                self._tell(f"{key}: is not served as it was deployed: {refused.message}")
                continue
            deployment = replace(deployment, created_at=kept.created_at, revision=kept.revision)
            wanted[key] = Deployed(deployment=deployment, wanted=kept.wanted)
        return wanted

    async def _serve(self, deployed: Deployed) -> None:
        self._deployed[deployed.deployment.key] = deployed
        await self._fleet.put(served(deployed.deployment))

    def _tell_missing(self, deployment: Deployment) -> None:
        namespace = deployment.key.namespace
        elsewhere = "" if namespace == self.home else f" --namespace {namespace}"
        for name in self._mounts.missing(deployment.secrets, namespace):
            self._tell(
                f"{deployment.key}: secret {name!r} is not there: "
                f"wherry secret create {name}{elsewhere}"
            )

    def _lay(self, deployment: Deployment) -> None:
        try:
            self._mounts.lay(deployment)
        except OSError as error:
            raise Refused(507, f"secrets: could not be laid out: {error.strerror}") from None

    async def _withdraw(self, key: FunctionKey) -> None:
        if self._deployed.pop(key, None) is not None:
            await self._fleet.remove(key)
        self._mounts.clear(key)

    def _keep(self, kept: dict[FunctionKey, Kept]) -> None:
        if kept != self._kept:
            write_kept(self._state, kept)
        self._kept = kept


def _absent(name: str, namespace: str) -> Refused:
    where = namespace or DEFAULT_NAMESPACE
    return Refused(404, f"error finding function {name}.{where}: function not found")


def _differ(before: Deployed, after: Deployed) -> bool:
    """Whether two say something else, however often and whenever they were said."""
    same = {"created_at": 0.0, "revision": 1}
    return replace(before.deployment, **same) != replace(after.deployment, **same)  # type: ignore[arg-type]


def _after(before: Deployed | None, deployed: Deployed) -> Deployed:
    if before is None:
        return deployed
    deployment = replace(
        deployed.deployment,
        created_at=before.deployment.created_at,
        revision=before.deployment.revision + 1,
    )
    return replace(deployed, deployment=deployment)
