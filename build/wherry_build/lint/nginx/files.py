"""Rules over the files that an nginx.conf is made of."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.finding import Severity
from wherry_build.lint.nginx.configuration import configurations, is_found
from wherry_build.lint.rule import Fault, rule


@rule("NGX002", Severity.WARNING, "an include is relative, and depends on where the file is put")
def relative_include(bundle: Bundle) -> Iterator[Fault]:
    """NGINX looks for it beside the file that `-c` names, wherever its image keeps its own."""
    for root in configurations(bundle):
        for directive in root.walk():
            path = directive.value
            if directive.name != "include" or path.startswith("/") or is_found(directive):
                continue
            yield directive.fault(
                f"got include {path}, which is not among the files here, expected an absolute path",
                hint="leave it out (a proxy needs no mime.types), or name the whole path",
            )
