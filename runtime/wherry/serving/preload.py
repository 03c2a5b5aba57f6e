"""What several workers have in common: their master imports it before it forks.

Pages that nobody writes to are then shared, and a worker starts in a few milliseconds. What the
runtime will need is guessed from the text of the handlers; a wrong guess costs a little memory or
a little time. The functions themselves are imported only when `WHERRY_PRELOAD` asks for it: what a
module starts while it is imported (threads, connections, event loops) exists in the master alone,
and a child that believes it has them too fails in ways that are hard to see. So those are refused.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from wherry.errors import ConfigError
from wherry.serving import warming
from wherry.serving.mounts import Mount, load_mounts, sources

if TYPE_CHECKING:
    from wherry.config import Config

_ALWAYS = (
    "wherry.serving.server",
    "wherry.serving.leader",
    "wherry.metrics.port",
    *warming.MODULES,
)
_BY_WORD = {
    "flask": ("flask", "wherry.flask_request"),
    "async def": ("asyncio", "uvloop", "wherry.serving.tasks"),
    "event": ("wherry.cloudevents", "wherry.event_invocation"),
    "emit": ("urllib3",),
}
_MOST_FILES = 200


def import_runtime(config: Config) -> None:
    """Import what the workers of these settings will need."""
    texts = [_text_of(source) for source in sources(config.handler)]
    names = [*_ALWAYS]
    for word, needed in _BY_WORD.items():
        if any(word in text for text in texts):
            names += needed
    for name in names:
        if find_spec(name.partition(".")[0]) is not None:
            import_module(name)


def import_functions(config: Config) -> Sequence[Mount]:
    """Import the functions, here and for all workers.

    Raises:
        HandlerError: One cannot be served.
        ConfigError: Their import has started what no child process inherits.
    """
    threads, sockets = _threads(), _sockets()
    mounts = load_mounts(config)
    left = []
    if _threads() > threads:
        left.append("threads")
    if _sockets() > sockets:
        left.append("connections or an event loop")
    if left:
        raise ConfigError(
            f"WHERRY_PRELOAD: importing {config.handler!r} starts {' and '.join(left)}, "
            "which workers do not inherit",
            hint="unset WHERRY_PRELOAD, or start them in a `start` hook",
        )
    return mounts


def forget_functions(config: Config) -> None:
    """Have the next import read the functions' files anew, and those beside them."""
    folders = [f"{_folder(source)}{os.sep}" for source in sources(config.handler)]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if any(file.startswith(folder) for folder in folders) and "site-packages" not in file:
            del sys.modules[name]


def settle() -> None:
    """Before workers are forked: what is here stays, and no collection shall write to it."""
    gc.collect()
    gc.freeze()


def _folder(source: str) -> Path:
    path = Path(source if Path(source).exists() else source.rpartition(":")[0] or ".")
    return (path if path.is_dir() else path.parent).resolve()


def _text_of(source: str) -> str:
    """The Python text in and below the folder of a handler; of few files, if there are many."""
    path = Path(source if Path(source).exists() else source.rpartition(":")[0] or ".")
    files = [path] if path.is_file() else sorted(_folder(source).rglob("*.py"))[:_MOST_FILES]
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def _threads() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        import threading

        return threading.active_count()


def _sockets() -> int:
    """Descriptors of sockets and pollers; 0 where the system does not tell."""
    found = 0
    try:
        for each in Path("/proc/self/fd").iterdir():
            try:
                target = str(each.readlink())
            except OSError:  # the descriptor of this very listing
                continue
            found += target.startswith(("socket:", "anon_inode:[event"))
    except OSError:
        return 0
    return found
