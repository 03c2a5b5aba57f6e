"""The garbage collector while a process starts: modules are no garbage.

Looking for garbage among what is being imported is a sixth of the time that `import flask` takes,
and what start-up has made lives as long as the process: the collector never looks at it again.
"""

from __future__ import annotations

import gc

_SELDOM = 100_000
_MANY = 50_000
_usual = gc.get_threshold()


def begin_imports() -> None:
    """Look seldom; a function that makes much garbage while it is imported is still swept."""
    gc.freeze()
    gc.set_threshold(_SELDOM, *_usual[1:])
    gc.enable()


def end_imports() -> None:
    """From now on as usual; what there is stays, after one look at it where it is much."""
    if gc.get_count()[0] > _MANY:
        gc.collect()
    gc.freeze()
    gc.set_threshold(*_usual)
