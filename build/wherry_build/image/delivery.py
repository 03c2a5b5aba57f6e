"""Where an image goes when it is built: a registry, a local engine, a folder or a file.

It decides what is done, and in which order; each way is another module's, imported when it is
taken.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path

from wherry_build.errors import BuildUnsupported, EngineUnavailable, InvalidName
from wherry_build.image.engine import BuiltImage, Progress, Publisher
from wherry_build.values import frozen


class OutputKind(enum.Enum):
    """What an image is written as."""

    LAYOUT = "oci"
    ARCHIVE = "tar"


@frozen
class Output:
    """A folder or a file that an image is written to.

    Attributes:
        kind: What it is written as.
        path: Where.
    """

    kind: OutputKind
    path: Path

    @classmethod
    def parse(cls, text: str) -> Output:
        """The output that `oci:DIR` or `tar:FILE` names.

        Raises:
            InvalidName: `text` is of another form.
        """
        kind, colon, path = text.partition(":")
        if not colon or not path or kind not in {each.value for each in OutputKind}:
            raise InvalidName(f"output: got {text!a}, expected `oci:DIR` or `tar:FILE`")
        return cls(kind=OutputKind(kind), path=Path(path))

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.path}"


@frozen
class Destinations:
    """Where an image is wanted.

    Attributes:
        push: Whether in its registry.
        load: Whether in the local engine; None for where one answers, if it goes nowhere else.
        outputs: Folders and files.
    """

    push: bool = False
    load: bool | None = None
    outputs: tuple[Output, ...] = ()


@frozen
class Delivery:
    """Where an image went.

    Attributes:
        pushed: Reference with the digest that it can be pulled by; empty when it was not pushed.
        loaded: The engine that has it now; empty when none has.
        written: Folders and files.
        lacks_engine: Whether it would have been loaded, and no engine answered.
    """

    pushed: str = ""
    loaded: str = ""
    written: tuple[Output, ...] = ()
    lacks_engine: bool = False


def deliver(
    image: BuiltImage,
    wanted: Destinations,
    progress: Progress,
    publisher: Callable[[BuiltImage], Publisher],
) -> Delivery:
    """Bring `image` to where it is wanted.

    Args:
        image: The image.
        wanted: Where it is wanted.
        progress: Is told how that goes on.
        publisher: Gives what publishes an image.

    Raises:
        BuildUnsupported: A container engine keeps it, and it is to be written to a file.
        EngineUnavailable: It is to be loaded, and no engine answers.
        BuildError: A registry or an engine refused.
    """
    for output in wanted.outputs:
        _write(image, output)
    loaded, lacks_engine = "", False
    try:
        loaded = _load(image, wanted, progress)
    except EngineUnavailable:
        if wanted.load:
            raise
        lacks_engine = True
    pushed = ""
    if wanted.push:
        pushed = publisher(image).publish(image, progress)
    return Delivery(pushed=pushed, loaded=loaded, written=wanted.outputs, lacks_engine=lacks_engine)


def _write(image: BuiltImage, output: Output) -> None:
    if not image.images:
        raise BuildUnsupported(
            f"{image.reference}: the container engine keeps this image, {output} cannot be written",
            hint=f"docker save --output FILE {image.reference}; or build with --engine oci",
        )
    if output.kind is OutputKind.LAYOUT:
        from wherry_build.image.oci.layout import write_layout

        write_layout(image, output.path)
        return
    from wherry_build.image.oci.archive import write_archive

    write_archive(image, output.path)


def _load(image: BuiltImage, wanted: Destinations, progress: Progress) -> str:
    if not image.images:
        return "the container engine"  # it built it, so it has it
    is_left_open = wanted.load is None and not wanted.push and not wanted.outputs
    if not (wanted.load or is_left_open):
        return ""
    from wherry_build.image.oci.load import load, local_engine

    return load(image, local_engine(), progress)
