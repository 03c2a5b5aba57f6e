"""The templates: what faas-cli builds from, and what `wherry new` scaffolds from."""

from wherry_build.template.catalogue import FOLDER, TEMPLATES, Template, template_named
from wherry_build.template.frame import frame_files, template_files
from wherry_build.template.function import scaffold

__all__ = [
    "FOLDER",
    "TEMPLATES",
    "Template",
    "frame_files",
    "scaffold",
    "template_files",
    "template_named",
]
