"""Write anew, in a checkout's `templates/`, what follows from the version: `make templates`."""

from __future__ import annotations

from wherry_build.template.catalogue import FOLDER, TEMPLATES
from wherry_build.template.frame import committed_files

for _template in TEMPLATES:
    for _path, _text in committed_files(_template).items():
        (FOLDER / _template.language / _path).write_text(_text, encoding="utf-8")
