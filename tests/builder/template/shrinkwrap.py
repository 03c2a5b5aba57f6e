"""faas-cli's rules for templates, followed by hand: `new`, and the context that `build` makes.

As faas-cli 0.18 has them: a handler's folder is copied from the template with mode 0700; a context
is the whole template, `template.yml` and `meta.json` included, links followed, and the handler's
folder over it without its top-level `build` and `template`. The context's own handler folder is
made with mode 0700 too, or 0777 where CI is set.
"""

import json
import os
import shutil

import yaml


def read_template(root, language):
    """What `template.yml` says of a template, and where it is."""
    folder = root / "template" / language
    return yaml.safe_load((folder / "template.yml").read_text()), folder


def new(root, name, language):
    """`faas-cli new NAME --lang LANGUAGE`: the handler's folder."""
    said, template = read_template(root, language)
    handler = root / name
    handler.mkdir(mode=0o700)
    source = template / said.get("handler_folder", "function")
    shutil.copytree(source, handler, dirs_exist_ok=True, copy_function=shutil.copy)
    handler.chmod(0o700)
    return handler


def shrinkwrap(root, name, language, handler, *, is_ci=False):
    """`faas-cli build --shrinkwrap`: the context, in `build/NAME`."""
    said, template = read_template(root, language)
    context = root / "build" / name
    shutil.rmtree(context, ignore_errors=True)
    inside = context / said.get("handler_folder", "function")
    inside.mkdir(parents=True)
    shutil.copytree(template, context, dirs_exist_ok=True)
    written = {"repository": "https://example.com/templates", "written_at": "2026-01-01T00:00:00Z"}
    (context / "meta.json").write_text(json.dumps(written))
    for item in sorted(os.listdir(handler)):
        if item in {"build", "template"}:
            continue
        if (handler / item).is_dir():
            shutil.copytree(handler / item, inside / item, dirs_exist_ok=True)
        else:
            shutil.copy(handler / item, inside / item)
    inside.chmod(0o777 if is_ci else 0o700)
    return context


def packages(root, language, *options):
    """What faas-cli makes of `--build-option`: the value of ADDITIONAL_PACKAGE.

    Raises:
        KeyError: The template has no such option.
    """
    said, _ = read_template(root, language)
    known = {each["name"]: each["packages"] for each in said.get("build_options", [])}
    return " ".join(dict.fromkeys(package for name in options for package in known[name]))
