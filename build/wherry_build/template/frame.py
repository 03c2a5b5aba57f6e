"""What faas-cli needs around a handler's folder, and the whole of a template put together.

All of it follows from the template's name and our version: the same bytes each time. Exported, a
template carries the runtime as a wheel, so that template and command are one version; those in
`templates/` carry none, and their Dockerfile says so: it takes no runtime from an index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wherry_build.image.ignore import NEVER_WANTED
from wherry_build.image.runtime_wheel import runtime_wheel
from wherry_build.template import overlay
from wherry_build.template.catalogue import (
    FOLDER,
    LANGUAGE,
    PLACEHOLDER,
    Template,
    handler_files,
    template_named,
)
from wherry_build.template.dockerfile import template_dockerfile

SUMS = "SHA256SUMS"
"""The hash of every file of a template, as `sha256sum -c` takes it."""
PLAIN_LANGUAGE = "dockerfile"
"""faas-cli's own name for a function that is a Dockerfile and nothing else."""

_CONTEXT_ONLY = ("README.md", "template.yml", "meta.json", "wheels/README.md")
_WANTED_BY_TESTS = frozenset({"test_*.py", "*_test.py", "conftest.py"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOption:
    """Packages of Debian's that `faas-cli build --build-option NAME` installs.

    Attributes:
        name: What faas-cli calls it.
        purpose: What a function needs it for.
        packages: The packages; those that only compiling needs are not in the image.
    """

    name: str
    purpose: str
    packages: tuple[str, ...]


BUILD_OPTIONS = (
    BuildOption(
        name="dev",
        purpose="a compiler, for a requirement without a wheel",
        packages=("gcc", "g++", "make", "pkg-config", "libffi-dev"),
    ),
    BuildOption(
        name="git",
        purpose="requirements that are taken from a repository",
        packages=("git", "ca-certificates"),
    ),
    BuildOption(
        name="libpq",
        purpose="PostgreSQL, where psycopg is compiled or takes the system's library",
        packages=("gcc", "libpq-dev", "libpq5"),
    ),
    BuildOption(
        name="mysql",
        purpose="MySQL and MariaDB, where mysqlclient is compiled",
        packages=("gcc", "pkg-config", "default-libmysqlclient-dev", "libmariadb3"),
    ),
    BuildOption(
        name="xml",
        purpose="lxml, where it is compiled",
        packages=("gcc", "libxml2-dev", "libxslt1-dev", "libxml2", "libxslt1.1"),
    ),
)


def template_files(template: str = LANGUAGE, *, has_mounts: bool = False) -> dict[str, bytes]:
    """Everything of a template that faas-cli builds from, by path, the runtime's wheel included.

    Args:
        template: Its name.
        has_mounts: Whether its Dockerfile is for BuildKit alone.

    Raises:
        TemplateNotFound: There is no such template.
        RuntimeUnavailable: The runtime cannot be packed.
    """
    found = template_named(template)
    files = {f"function/{name}": content for name, content in _sample(found).items()}
    runtime = runtime_wheel()
    files[f"wheels/{runtime.name}"] = runtime.content
    files |= {path: text.encode() for path, text in frame_files(found, has_mounts).items()}
    files[SUMS] = sums(files).encode()
    return {f"{found.language}/{path}": files[path] for path in sorted(files)}


def plain_files() -> dict[str, bytes]:
    """The template `dockerfile`, by path: faas-cli looks for it on the Internet where it is not."""
    texts = {
        "template.yml": f'language: {PLAIN_LANGUAGE}\nfprocess: ""\n',
        "function/Dockerfile": _PLAIN_DOCKERFILE,
    }
    texts[SUMS] = sums({path: text.encode() for path, text in texts.items()})
    return {f"{PLAIN_LANGUAGE}/{path}": texts[path].encode() for path in sorted(texts)}


def frame_files(template: Template, has_mounts: bool = False) -> dict[str, str]:
    """What faas-cli needs around a handler's folder, by path in the template."""
    return {
        ".dockerignore": _ignored(),
        "Dockerfile": template_dockerfile(has_mounts=has_mounts),
        "README.md": _readme(template),
        "overlay.py": Path(overlay.__file__).read_text(encoding="utf-8"),
        "template.yml": _template_yml(template),
    }


def committed_files(template: Template) -> dict[str, str]:
    """What `templates/` holds of a template besides the handler, by path: no wheel is committed."""
    files = frame_files(template)
    wheels = FOLDER / template.language / "wheels/README.md"
    summed = {
        **{path: text.encode() for path, text in files.items()},
        **{f"function/{name}": content for name, content in handler_files(template).items()},
        "wheels/README.md": wheels.read_bytes(),
    }
    return {**files, SUMS: sums(summed)}


def sums(files: Mapping[str, bytes]) -> str:
    """The hashes of `files` in the form of `sha256sum`."""
    return "".join(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files))


def _sample(template: Template) -> dict[str, bytes]:
    """The handler that `faas-cli new` copies; the README of a handler is for `wherry new` alone."""
    return {
        name: content.replace(PLACEHOLDER, b"function")
        for name, content in handler_files(template).items()
        if name != "README.md"
    }


def _ignored() -> str:
    never = [f"**/{pattern}" for pattern in NEVER_WANTED if pattern not in _WANTED_BY_TESTS]
    return "\n".join([*_CONTEXT_ONLY, *never, ""])


def _template_yml(template: Template) -> str:
    options = "".join(
        f"  # {option.purpose}\n  - name: {option.name}\n    packages:\n"
        + "".join(f"      - {package}\n" for package in option.packages)
        for option in BUILD_OPTIONS
    )
    return f"""\
language: {template.language}
fprocess: python3 -m wherry
handler_folder: function
build_options:
{options}\
welcome_message: |
  You have a function: {template.purpose}.
  handler.py is its code, requirements.txt what it needs, test_handler.py its test.
  Serve it without a container: wherry run HANDLER_FOLDER
  Run its tests in each build:  faas-cli build --build-arg TEST_ENABLED=true
"""


def _readme(template: Template) -> str:
    options = "\n".join(
        f"| `{option.name}` | {option.purpose} | {', '.join(option.packages)} |"
        for option in BUILD_OPTIONS
    )
    return f"""\
# {template.language}

{template.purpose[0].upper()}{template.purpose[1:]}.

```console
$ faas-cli new hello --lang {template.language}
$ faas-cli build -f stack.yaml
```

The image runs as one of `wherry build` does: the light runtime, what `requirements.txt` names and
the function, owned by root and writable by nobody; it runs under any user, answers `/_/health` and
`/_/ready` itself, and needs no watchdog.

The runtime is the wheel in `wheels/`, where `wherry template export` puts it; without it the build
fails. So does that of a function which names its packages in `pyproject.toml`, `uv.lock` or
`pylock.toml` and has no `requirements.txt` of its own: pip installs that file alone, and it counts
beside the others. `wherry build` and `wherry builder serve` install what all of them say.

| build argument | default | what it does |
|---|---|---|
| `PYTHON_VERSION` | `3.12` | version of the base, `python:VERSION-slim` |
| `BASE` | | another base, with python3 and pip |
| `TEST_ENABLED` | `false` | `true` runs the tests; the build fails when they do |
| `TEST_COMMAND` | `python3 -m pytest -q -p no:cacheprovider` | what runs them |
| `PIP_INDEX_URL`, `PIP_EXTRA_INDEX_URL` | | another package index, without a password |

| build option | for | packages |
|---|---|---|
{options}

Packages that only compiling needs are not in the image, and neither are tests. What tests need
besides pytest goes into a `requirements-test.txt`.
"""


_PLAIN_DOCKERFILE = """\
# Put your own here: any image will do that listens on port 8080 and answers GET /_/health.
FROM python:3.12-slim
WORKDIR /srv/function
RUN mkdir _ && echo ok > _/health && echo ok > _/ready && echo hello > index.html
USER 65532:65532
EXPOSE 8080
CMD ["python3", "-m", "http.server", "8080"]
"""
