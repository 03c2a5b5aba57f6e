"""Which templates there are, what each is for, and the handler that each begins with.

A template is a folder of `templates/`, which travels inside the distribution. It knows no
Dockerfile and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wherry_build.errors import TemplateNotFound

FOLDER = Path(__file__).parents[1] / "_templates"
LANGUAGE = "python3-wherry"
"""What faas-cli calls the template that every function may be built with."""
PLACEHOLDER = b"FUNCTION_NAME"
"""What stands for the function's name in the files of a handler."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template.

    Attributes:
        style: What `wherry new` calls it.
        language: What faas-cli calls it; its folder's name.
        purpose: What a function that begins with it takes and gives, in a few words.
    """

    style: str
    language: str
    purpose: str


TEMPLATES = (
    Template(
        style="http",
        language=LANGUAGE,
        purpose="an HTTP request in, as Flask has it; an answer out",
    ),
    Template(
        style="events",
        language=f"{LANGUAGE}-events",
        purpose="a CloudEvent in, another one back",
    ),
    Template(
        style="typed",
        language=f"{LANGUAGE}-typed",
        purpose="JSON in, checked against a dataclass; JSON out",
    ),
    Template(
        style="async",
        language=f"{LANGUAGE}-async",
        purpose="a coroutine that waits for several things at once",
    ),
    Template(
        style="stream",
        language=f"{LANGUAGE}-stream",
        purpose="server-sent events, each sent as soon as it is made",
    ),
)


def template_of_style(style: str) -> Template:
    """The template that `wherry new` calls `style`.

    Raises:
        TemplateNotFound: There is none.
    """
    for template in TEMPLATES:
        if template.style == style:
            return template
    raise _not_found(style, (each.style for each in TEMPLATES))


def template_named(name: str) -> Template:
    """The template that faas-cli calls `name`, or `wherry new` does.

    Raises:
        TemplateNotFound: There is none.
    """
    for template in TEMPLATES:
        if name in {template.language, template.style}:
            return template
    raise _not_found(name, (each.language for each in TEMPLATES))


def handler_files(template: Template) -> dict[str, bytes]:
    """The files of the handler's folder, by name, sorted.

    Raises:
        TemplateNotFound: The installation does not hold the template.
    """
    folder = FOLDER / template.language / "function"
    if not folder.is_dir():
        raise TemplateNotFound(
            f"no template {template.language!r} in {FOLDER}",
            hint="install Wherry anew, from where this installation came from",
        )
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


def _not_found(name: str, there: Iterable[str]) -> TemplateNotFound:
    return TemplateNotFound(f"no template {name!r}", hint=f"there are: {', '.join(there)}")
