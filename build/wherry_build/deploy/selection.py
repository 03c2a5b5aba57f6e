"""What a choice of functions would take from the others: objects that all share. No I/O.

A route table rendered for one function alone has no routes of the others; applied, it would end
them.
"""

from __future__ import annotations

from collections.abc import Iterable

from wherry_build.deploy.identity import ObjectKey
from wherry_build.errors import ManifestError
from wherry_build.manifests.document import Document


def refuse_partial(chosen: Iterable[Document], whole: Iterable[Document]) -> None:
    """Refuse a choice whose objects are not what they are for all functions.

    What is no object, as OpenFaaS's stack file, goes function by function, and is left out.

    Raises:
        ManifestError: An object is another, or is not there, when all functions are rendered.
    """
    complete = {each.file: each.value for each in whole}
    partial = [
        str(ObjectKey.of(each.value))
        for each in chosen
        if "kind" in each.value and complete.get(each.file) != each.value
    ]
    if partial:
        raise ManifestError(
            f"--function would take the other functions out of {', '.join(partial)}",
            hint="leave --function out",
        )
