"""The templates: what faas-cli builds from, and what `wherry new` scaffolds from."""

from wherry_build.template.addition import Addition, add_function
from wherry_build.template.catalogue import FOLDER, TEMPLATES, Template, template_named
from wherry_build.template.export import Export, export_templates
from wherry_build.template.frame import template_files
from wherry_build.template.function import scaffold
from wherry_build.template.project import scaffold_project

__all__ = [
    "FOLDER",
    "TEMPLATES",
    "Addition",
    "Export",
    "Template",
    "add_function",
    "export_templates",
    "scaffold",
    "scaffold_project",
    "template_files",
    "template_named",
]
