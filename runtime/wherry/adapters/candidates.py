"""Functions in a module that may be another framework's, and what their source shows.

A function's parameters seldom say for which framework it was written, for some of their names are
ours too; what its source does with them often does. Read from syntax, once, when a module is
loaded. This module must not know any framework.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from wherry.adapters.adapter import Source
from wherry.declarations import declaration_of, hook_of
from wherry.errors import HandlerNameNotFound, HandlerSignatureError
from wherry.handler import Hooks

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the source of a function does with one of its parameters.

    Attributes:
        attributes: Names that are read of it, `request` for `context.request`.
        keys: Text by which it is indexed, `event` for `scope["event"]`.
        is_text: Whether it is returned, measured or parsed as only text or bytes can be.
    """

    attributes: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    is_text: bool = False


class Root:
    """Where a web application is mounted.

    Attributes:
        path: What stands before its own paths; empty where nothing does.
    """

    path = ""

    def mount(self, path: str) -> None:
        """It answers below `path`."""
        self.path = path.rstrip("/")


def named(source: Source, name: str, *, is_asked: bool) -> Any:
    """What the user asked for, else what is called `name`; None where there is none.

    Args:
        source: The module.
        name: The framework's own name for its function.
        is_asked: Whether the user has said that the module is of this framework.

    Raises:
        HandlerNameNotFound: The user has said so, and there is nothing of that name.
    """
    wanted = source.name or name
    found = vars(source.module).get(wanted)
    if found is None and is_asked:
        raise HandlerNameNotFound(
            f"handler {shown(source)!r}: has no function {wanted!r}",
            hint="name it behind the file: file.py:function",
        )
    return found


def application(
    source: Source, names: Iterable[str], fits: Callable[[Any], bool], *, is_asked: bool
) -> tuple[str, Any] | None:
    """Name and value of the web application in a module; None where it has none.

    Args:
        source: The module.
        names: Names that an application may have, the likeliest first.
        fits: Whether a value is such an application.
        is_asked: Whether the user has said that the module is of this framework; else a module
            with a handler of ours is ours.

    Raises:
        HandlerNameNotFound: The user has named one, or said that there is one, and there is not.
        HandlerSignatureError: The user has said so, and what has the name is none.
    """
    values = vars(source.module)
    wanted = names if source.name is None else (source.name,)
    for name in wanted:
        if name in values and fits(values[name]):
            if is_asked or source.name is not None or not _has_handler(values):
                return name, values[name]
            return None
    if not is_asked:
        return None
    present = [name for name in wanted if name in values]
    if present:
        raise misfit(source, present[0], "an application")
    raise HandlerNameNotFound(
        f"handler {shown(source)!r}: has no application; looked for {', '.join(wanted)}",
        hint="name it behind the file: file.py:application",
    )


def _has_handler(values: dict[str, Any]) -> bool:
    """Whether a module has a handler of ours; a `main()` of no arguments starts a program."""
    if any(declaration_of(each) is not None for each in values.values()):
        return True
    return callable(values.get("handle")) or bool(parameters(values.get("main")))


def declared_hooks(source: Source) -> Hooks:
    """The hooks that a module declares by our decorators; by its name alone none was meant."""
    found = {
        hook.value: value
        for value in vars(source.module).values()
        if (hook := hook_of(value)) is not None and callable(value)
    }
    return Hooks(**found)


def parameters(function: Any) -> tuple[str, ...] | None:
    """Names of the positional parameters without a default; None where more is asked for."""
    try:
        declared = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    needed = [each for each in declared if each.default is inspect.Parameter.empty]
    if any(each.kind is inspect.Parameter.KEYWORD_ONLY for each in needed):
        return None
    return tuple(each.name for each in needed if each.kind in _POSITIONAL)


def accepts(function: Any, count: int) -> bool:
    """Whether it can be called with so many positional arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def is_bare(function: Any) -> bool:
    """Whether it is a plain function without annotations and without a declaration of ours."""
    return (
        isinstance(function, FunctionType)
        and not function.__annotations__
        and not is_async(function)
        and declaration_of(function) is None
    )


def is_function(value: Any) -> bool:
    """Whether it is a plain function, not an object that can be called."""
    return isinstance(value, FunctionType)


def is_async(function: Any) -> bool:
    """Whether it is a coroutine function, or an object that is called as one."""
    target = function if inspect.isroutine(function) else getattr(type(function), "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(target)


def use_of(function: Callable[..., Any], parameter: str) -> Use:
    """What the source of `function` does with `parameter`; nothing where it cannot be read."""
    tree = _syntax(function)
    if tree is None:
        return Use()
    attributes, keys, is_text = set(), set(), False
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is(node.value, parameter):
            attributes.add(node.attr)
        elif isinstance(node, ast.Subscript) and _is(node.value, parameter):
            keys |= _text(node.slice)
        elif isinstance(node, ast.Compare) and _is(node.comparators[0], parameter):
            keys |= _text(node.left)
        elif _takes_text(node, parameter):
            is_text = True
    return Use(attributes=frozenset(attributes), keys=frozenset(keys), is_text=is_text)


def returned_keys(function: Callable[..., Any]) -> frozenset[str]:
    """Keys of the dicts that the source of `function` spells out."""
    tree = _syntax(function)
    found: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Dict):
            for key in node.keys:
                found |= _text(key)
    return frozenset(found)


def misfit(source: Source, name: str, expected: str) -> HandlerSignatureError:
    """The error that says that the function is not what the user said."""
    return HandlerSignatureError(
        f"handler {shown(source)!r}: {name!r} does not fit; expected {expected}",
        hint="leave --signature and WHERRY_SIGNATURE away, or name another function",
    )


def shown(source: Source) -> str:
    """The module, for messages."""
    return str(source.file or source.module.__name__)


def _syntax(function: Callable[..., Any]) -> ast.AST | None:
    plain = inspect.unwrap(function)
    code = getattr(plain, "__code__", None)
    file = getattr(code, "co_filename", "")
    try:
        with open(file, encoding="utf-8") as text:  # noqa: PTH123 - a name of a code object
            tree = ast.parse(text.read())
    except (OSError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = {node.lineno, *(each.lineno for each in node.decorator_list)}
            if node.name == plain.__name__ and getattr(code, "co_firstlineno", 0) in lines:
                return node
    return None


def _takes_text(node: ast.AST, parameter: str) -> bool:
    if isinstance(node, ast.Return):
        return node.value is not None and _is(node.value, parameter)
    if isinstance(node, ast.BinOp):
        return _is(node.left, parameter) or _is(node.right, parameter)
    if not isinstance(node, ast.Call) or not node.args or not _is(node.args[0], parameter):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else None
    return called == "loads" or (isinstance(node.func, ast.Name) and node.func.id == "len")


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _text(node: ast.AST | None) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    return set()
