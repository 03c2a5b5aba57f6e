"""The templates: what faas-cli builds from, and what `wherry new` scaffolds from.

Each is a folder of `templates/`, which travels inside the distribution: a handler with its test,
and what faas-cli needs around it. Exported, a template carries the runtime as a wheel, so that
template and command are one version. `template.yml`, Dockerfile and `.dockerignore` follow from the
template's name and our version alone; those in `templates/` are for faas-cli to pull.
"""

from __future__ import annotations

from pathlib import Path

from wherry._version import __version__
from wherry_build import names
from wherry_build.errors import DestinationExists, TemplateNotFound
from wherry_build.image.assembly import wheel_entries
from wherry_build.image.dockerfile import Recipe, dockerfile
from wherry_build.image.ignore import NEVER_WANTED
from wherry_build.image.runtime_wheel import runtime_wheel
from wherry_build.manifests.openfaas.stack import LANGUAGE

FOLDER = Path(__file__).with_name("_templates")
STYLES = {
    "http": LANGUAGE,
    "events": f"{LANGUAGE}-events",
    "typed": f"{LANGUAGE}-typed",
    "stream": f"{LANGUAGE}-stream",
}
"""What `wherry new` calls a template, and its name for faas-cli."""

_PLACEHOLDER = b"FUNCTION_NAME"
_CONTEXT_ONLY = ("template.yml", "meta.json", "wheels/README.md")


def scaffold(name: str, *, style: str, parent: Path) -> list[Path]:
    """Make the folder of a function called `name` in `parent`; the files made.

    Raises:
        InvalidName: `name` is no function name.
        TemplateNotFound: There is no template for `style`.
        DestinationExists: There is something at its place already.
    """
    names.function_name(name)
    if style not in STYLES:
        raise TemplateNotFound(f"no template {style!r}", hint=f"there are: {', '.join(STYLES)}")
    destination = parent / name
    if destination.exists() or destination.is_symlink():
        raise DestinationExists(f"{destination} exists", hint="choose another name")
    files = _handler_files(STYLES[style])
    made = []
    destination.mkdir(parents=True)
    for path, content in files.items():
        file = destination / (_test_file(name) if path == "test_handler.py" else path)
        file.write_bytes(content.replace(_PLACEHOLDER, name.encode()))
        made.append(file)
    return made


def _test_file(name: str) -> str:
    """A test's file has a name of its own: pytest takes no two of one name in one run."""
    return f"test_{name.replace('-', '_')}.py"


def template_files(template: str = LANGUAGE) -> dict[str, bytes]:
    """Everything of a template that faas-cli builds from, by path, the runtime's wheel included.

    Raises:
        TemplateNotFound: There is no such template.
    """
    handler = {
        f"{template}/function/{path}": content.replace(_PLACEHOLDER, b"function")
        for path, content in _handler_files(template).items()
        if path != "README.md"
    }
    wheels = {f"{template}/{entry.path}": entry.content for entry in wheel_entries(runtime_wheel())}
    frame = {f"{template}/{path}": text.encode() for path, text in frame_files(template).items()}
    return dict(sorted({**handler, **wheels, **frame}.items()))


def frame_files(template: str) -> dict[str, str]:
    """What faas-cli needs around a handler's folder, by path in the template."""
    return {
        "template.yml": _template_yml(template),
        "Dockerfile": template_dockerfile(),
        ".dockerignore": "\n".join([*_CONTEXT_ONLY, *(f"**/{item}" for item in NEVER_WANTED), ""]),
    }


def template_dockerfile() -> str:
    """The Dockerfile of every template: it installs the wheel beside it, or else our version."""
    return dockerfile(
        Recipe(
            runtime=f"$(ls wheels/wherry-*.whl 2>/dev/null || echo wherry=={__version__})",
            labels=(("io.wherry.runtime.version", __version__),),
            # faas-cli always passes it, and the engine warns of one that is not declared.
            arguments=("ADDITIONAL_PACKAGE",),
        )
    )


def _template_yml(template: str) -> str:
    return f"""\
language: {template}
fprocess: python3 -m wherry
handler_folder: function
welcome_message: |
  The handler is function/handler.py, what it needs is in function/requirements.txt.
  Serve it on this machine with: wherry run
"""


def _handler_files(template: str) -> dict[str, bytes]:
    folder = FOLDER / template / "function"
    if not folder.is_dir():
        raise TemplateNotFound(
            f"no template {template!r} in {FOLDER}", hint=f"there are: {', '.join(STYLES.values())}"
        )
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}
