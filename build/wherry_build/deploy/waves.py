"""In which order objects are applied, and where that waits. No I/O.

What leads calls to a workload is applied when the workload is ready, so that no caller is sent
where nobody answers yet. Everything before is applied without a wait between: a Broker may name as
its dead letters' place a workload that comes after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wherry_build.manifests.document import Document

_FIRST_ROUTE_STAGE = 25
"""The stage of DestinationRule, the first of those in `document` that lead calls somewhere."""


def waves(documents: Iterable[Document]) -> tuple[tuple[Document, ...], ...]:
    """The objects of Kubernetes among `documents`, in apply order; each wave waits for its ready.

    What is no object, as OpenFaaS's stack file, is left out, and so is a wave of none.
    """
    objects = [document for document in documents if "kind" in document.value]
    split = (
        tuple(each for each in objects if _stage(each) < _FIRST_ROUTE_STAGE),
        tuple(each for each in objects if _stage(each) >= _FIRST_ROUTE_STAGE),
    )
    return tuple(wave for wave in split if wave)


def _stage(document: Document) -> int:
    found = re.match(r"[0-9]+", document.file)
    return int(found[0]) if found is not None else 0
