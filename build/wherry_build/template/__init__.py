"""The templates: what faas-cli builds from, and what `wherry new` scaffolds from.

Names are imported when they are first used: who makes a function packs no wheel.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry_build.template.addition import Addition, add_function
    from wherry_build.template.catalogue import (
        FOLDER,
        LANGUAGE,
        TEMPLATES,
        Template,
        template_named,
    )
    from wherry_build.template.export import Export, export_templates
    from wherry_build.template.frame import template_files
    from wherry_build.template.project import scaffold_project

__all__ = [
    "FOLDER",
    "LANGUAGE",
    "TEMPLATES",
    "Addition",
    "Export",
    "Template",
    "add_function",
    "export_templates",
    "scaffold_project",
    "template_files",
    "template_named",
]

_HOMES = {
    **dict.fromkeys(("Addition", "add_function"), "addition"),
    **dict.fromkeys(("FOLDER", "LANGUAGE", "TEMPLATES", "Template", "template_named"), "catalogue"),
    **dict.fromkeys(("Export", "export_templates"), "export"),
    "template_files": "frame",
    "scaffold_project": "project",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'wherry_build.template' has no attribute {name!r}")
    value: object = getattr(import_module(f"wherry_build.template.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
