"""What a project is: its functions, and what each needs to run. Values only, no I/O.

Every default here is what a function gets that says nothing of itself; platforms read the same
values, each in its own words (`wherry_build.manifests`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_build import names
from wherry_build.errors import ProjectError
from wherry_build.values import NO_ENTRIES, frozen

if TYPE_CHECKING:
    from wherry_build.project.specification import FunctionSpecification, ProjectSpecification


@frozen
class Resources:
    """What one instance asks for, and what it is held to, as Kubernetes quantities.

    There is no CPU limit: it throttles, and the request already shares the machine fairly.
    """

    cpu_request: str = "100m"
    memory_request: str = "128Mi"
    memory_limit: str = "256Mi"


@frozen
class Scale:
    """How many instances there are.

    Attributes:
        least: Instances that always run; 0 lets the function sleep.
        most: Instances at most.
        target: Calls in flight that one instance is meant to carry.
    """

    least: int = 0
    most: int = 10
    target: int = 70

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most or self.most < 1 or self.target < 1:
            raise ProjectError(
                f"scale: got least {self.least}, most {self.most}, target {self.target}, "
                "expected 0 <= least <= most and a target of 1 or more"
            )


@frozen
class Declarations:
    """What a handler's source says of itself, read without running it.

    Attributes:
        http: Whether it answers plain HTTP requests.
        event_types: Types of the CloudEvents that it takes, in order, each once.
        methods: Methods that it answers; empty for every one.
        unclear: `line: what` of declarations that only running the code would tell.
    """

    http: bool = True
    event_types: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


@frozen
class Function:
    """One function: a folder with a handler in it.

    Attributes:
        name: Its name, the same on every platform.
        folder: The folder that an image carries.
        handler: The handler's file, relative to `folder`: `handler.py`.
        declarations: What the handler's source says of itself.
        has_requirements: Whether `folder` has a `requirements.txt`.
        environment: Variables that it is given.
        timeout_s: Time until an answer must begin, in seconds.
        concurrency: Calls in flight that one instance is given at most; 0 is as many as come.
        said: What wherry.yaml says of it, as it says it; None where it says nothing.
    """

    name: str
    folder: Path
    handler: str = "handler.py"
    declarations: Declarations = Declarations()
    has_requirements: bool = False
    environment: Mapping[str, str] = NO_ENTRIES
    labels: Mapping[str, str] = NO_ENTRIES
    annotations: Mapping[str, str] = NO_ENTRIES
    resources: Resources = Resources()
    scale: Scale = Scale()
    timeout_s: int = 30
    concurrency: int = 100
    said: FunctionSpecification | None = None

    def __post_init__(self) -> None:
        names.function_name(self.name)
        for variable in self.environment:
            names.environment_name(variable)
        for event_type in self.declarations.event_types:
            names.event_type(event_type)
        if not 1 <= self.timeout_s <= 600:
            raise ProjectError(
                f"function {self.name!r}: timeout: got {self.timeout_s}, expected 1 to 600 seconds"
            )
        if not 0 <= self.concurrency <= 1000:
            raise ProjectError(
                f"function {self.name!r}: concurrency: got {self.concurrency}, expected 0 to 1000"
            )


@frozen
class Project:
    """The functions of one folder, sorted by name, each name once.

    Attributes:
        root: The folder.
        functions: Its functions.
        specification: What its wherry.yaml says; None where there is none.
        digests: Digest of each image, by its reference, as far as its lock knows them.
    """

    root: Path
    functions: tuple[Function, ...]
    specification: ProjectSpecification | None = None
    digests: Mapping[str, str] = NO_ENTRIES

    @property
    def namespace(self) -> str | None:
        """Where its file says that it lives."""
        return self.specification.namespace if self.specification is not None else None

    @property
    def registry(self) -> str | None:
        """Where its file says that its images are."""
        said = self.specification.registry if self.specification is not None else None
        return said.prefix if said is not None else None

    def __post_init__(self) -> None:
        counted = Counter(function.name for function in self.functions)
        for name, count in counted.items():
            if count > 1:
                folders = [str(item.folder) for item in self.functions if item.name == name]
                raise ProjectError(
                    f"{count} functions are called {name!r}: {', '.join(folders)}",
                    hint="rename one of the folders",
                )
