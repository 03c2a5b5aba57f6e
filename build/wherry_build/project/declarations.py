"""What a handler's source says of itself, read from its syntax and never by running it.

`@cloud_event(type=...)` names the events, `@http(methods=...)` the methods, and no decorator at all
is plain HTTP of every method. Aliases of
imports and string constants of the module are followed; anything else is reported as unclear.
"""

from __future__ import annotations

import ast
import warnings

from wherry_build.errors import HandlerUnreadable
from wherry_build.project.model import Declarations

_EVENT = "wherry.cloud_event"
_HTTP = "wherry.http"
_EVENT_NAMES = frozenset({"event", "cloud_event", "cloudevent"})
_CONVENTIONAL = ("handle", "main")


def read_declarations(source: bytes, *, filename: str) -> Declarations:
    """Read the declarations in `source`.

    Raises:
        HandlerUnreadable: `source` is no Python that parses.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, filename=filename)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise HandlerUnreadable(f"{filename}{line}: not valid Python: {reason}") from None
    return _Module(tree).declarations()


class _Module:
    """The names and constants of one module, enough to tell what its decorators mean."""

    def __init__(self, tree: ast.Module) -> None:
        self._functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        self._imports: dict[str, str] = {}
        self._constants: dict[str, ast.expr] = {}
        self._types: dict[str, None] = {}
        self._methods: dict[str, None] = {}
        self._is_open = False
        self._unclear: list[str] = []
        for node in tree.body:
            self._note(node)

    def _note(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._functions.append(node)
            case ast.Import():
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    self._imports[alias.asname or top] = alias.name if alias.asname else top
            case ast.ImportFrom(module=str(module), level=0):
                for alias in node.names:
                    self._imports[alias.asname or alias.name] = f"{module}.{alias.name}"
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._constants[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._constants[name] = value

    def declarations(self) -> Declarations:
        http = False
        decorated = False
        for function in self._functions:
            for decorator in function.decorator_list:
                call = decorator if isinstance(decorator, ast.Call) else None
                target = self._qualified(call.func if call else decorator)
                if target == _EVENT:
                    decorated = True
                    self._read_types(call, decorator.lineno)
                elif target == _HTTP:
                    decorated = http = True
                    self._read_methods(call)
        if not decorated:
            http = not self._takes_event()
        return Declarations(
            http=http,
            event_types=tuple(self._types),
            methods=() if self._is_open else tuple(self._methods),
            unclear=tuple(self._unclear),
        )

    def _qualified(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return self._imports.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self._qualified(node.value)}.{node.attr}"
        return ""

    def _read_types(self, call: ast.Call | None, line: int) -> None:
        if call is None:
            return
        given = [keyword.value for keyword in call.keywords if keyword.arg in {"type", "types"}]
        for value in [*call.args, *given]:
            for text in self._strings(value, line):
                self._types.setdefault(text)
        if any(keyword.arg is None for keyword in call.keywords):
            self._unclear.append(f"{line}: cloud_event(**...)")

    def _read_methods(self, call: ast.Call | None) -> None:
        """The methods of one `@http`; one that names none, or not plainly, answers every one."""
        given = [word.value for word in call.keywords if word.arg == "methods"] if call else []
        named: list[str] = []
        for value in given:
            unclear = len(self._unclear)
            named += [text.upper() for text in self._strings(value, value.lineno, "method")]
            self._is_open |= len(self._unclear) > unclear
            del self._unclear[unclear:]  # no manifest has methods yet, so nothing is left out
        if "GET" in named:
            named.append("HEAD")
        self._is_open |= not named
        self._methods.update(dict.fromkeys(named))

    def _strings(self, node: ast.expr, line: int, what: str = "event type") -> list[str]:
        if isinstance(node, ast.Name) and node.id in self._constants:
            node = self._constants[node.id]
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.Constant(value=None):
                return []
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                return [text for item in items for text in self._strings(item, line, what)]
        self._unclear.append(f"{line}: {what} {ast.unparse(node)}")
        return []

    def _takes_event(self) -> bool:
        """Whether the undecorated handler asks for an event, by annotation or else by name."""
        for function in self._functions:
            if function.name in _CONVENTIONAL:
                arguments = [*function.args.posonlyargs, *function.args.args]
                return any(
                    argument.arg in _EVENT_NAMES
                    if argument.annotation is None
                    else self._is_event(_unquoted(argument.annotation))
                    for argument in arguments
                )
        return False

    def _is_event(self, annotation: ast.expr) -> bool:
        """Whether an annotation is a CloudEvent, an optional one, or a list of them."""
        return any(
            self._qualified(node).rpartition(".")[2] == "CloudEvent"
            for node in ast.walk(annotation)
            if isinstance(node, (ast.Name, ast.Attribute))
        )


def _unquoted(annotation: ast.expr) -> ast.expr:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return annotation
    return annotation
