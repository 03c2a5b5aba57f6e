"""Puts right what rules know how to: edits the nodes in place and writes the texts again.

A file that could not be read to its end is left alone. Nothing is written to disk here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Form
from wherry_build.lint.node import at
from wherry_build.lint.roundtrip import literal, read_yaml
from wherry_build.lint.rule import Fault, Rule
from wherry_build.lint.run import all_rules, is_selected
from wherry_build.lint.source import Reading, Source, read_text
from wherry_build.lint.splice import rewritten


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file before and after, with the rules whose findings were put right in it."""

    path: str
    before: str
    after: str
    rules: tuple[str, ...]


def fixed(
    reading: Reading, *, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> tuple[Change, ...]:
    """The files that change when every fix of the selected rules is made, one rule after another.

    Each rule sees what the ones before it have made.
    """
    files = {source.path: source.text for source in reading.sources if source.inside is None}
    original = dict(files)
    touched: dict[str, set[str]] = {}
    for rule in all_rules().values():
        if rule.fix is None or not is_selected(rule.id, select, ignore):
            continue
        for path, text in _after(rule, files).items():
            files[path] = text
            touched.setdefault(path, set()).add(rule.id)
    return tuple(
        Change(path=path, before=original[path], after=files[path], rules=tuple(sorted(rules)))
        for path, rules in sorted(touched.items())
        if files[path] != original[path]
    )


def _after(rule: Rule, files: dict[str, str]) -> dict[str, str]:
    """The texts that differ when the faults of one rule are put right."""
    reading = Reading()
    for path, text in files.items():
        one = read_text(text, path, reader=read_yaml)
        reading.sources += one.sources
    bundle = Bundle(documents=reading.documents)
    owners = {id(each): source for source in reading.sources for each in source.documents}
    faults = list(rule.check(bundle))
    changed: dict[int, Source] = {}
    for found in reversed(faults):  # from the last on, so that an item's index stays true
        source = owners[id(found.document)]
        if source.is_whole and found.document.form is not Form.NGINX:
            _apply(rule, bundle, found)
            changed[id(source)] = source
    inner = [source for source in changed.values() if source.inside is not None]
    for source in inner:
        outer = _put_back(source, owners)
        changed[id(outer)] = outer
    texts = {source.path: _written(source) for source in changed.values() if source.inside is None}
    return {path: text for path, text in texts.items() if text != files[path]}


def _apply(rule: Rule, bundle: Bundle, found: Fault) -> None:
    if rule.fix is not None:
        rule.fix(bundle, found)


def _put_back(source: Source, owners: dict[int, Source]) -> Source:
    """Write the text of a ConfigMap's key anew; the source that it is in."""
    inside = source.inside
    if inside is None:
        return source
    text = _written(source)
    if text != source.text:
        *above, last = inside.keys
        at(inside.outer.node, *above)[last] = literal(text)
    return owners[id(inside.outer)]


def _written(source: Source) -> str:
    if source.inside is None and source.path.lower().endswith(".json"):
        return json.dumps(source.roots[0], indent=2, ensure_ascii=False) + "\n"
    return rewritten(source.text, source.roots)
