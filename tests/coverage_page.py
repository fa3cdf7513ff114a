"""Writes `docs/coverage.md`: which test proves which line of the checklist.

The ids come from `checklist` markers in the tests, the sentences from `checklist.tsv`. Run it as
`python -m tests.coverage_page`; a test compares the page with the tests.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "coverage.md"

_HEAD = """\
# What is proved

Made by `make coverage` from the `checklist` markers of the tests; do not edit. Each line of the
vendors' checklists (C, E: Cakemail, M: MailingCore, Z: easymail, U, X: across them) and of the
trust rules (OUT: every mail that leaves, SEC: every door) stands with the tests that would fail
without it. A line without a test is not proved, whatever the code does.
"""


def sentences() -> dict[str, str]:
    """Every id of the checklist with its sentence."""
    lines = (TESTS / "checklist.tsv").read_text(encoding="utf-8").splitlines()
    return {line.partition("\t")[0]: line.partition("\t")[2] for line in lines}


def marked() -> dict[str, list[str]]:
    """Each id with the tests that carry it, as `tests/file.py::name`."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        file_ids = _assigned(tree)
        for name, decorators in _tests(tree):
            place = f"{path.relative_to(TESTS.parent).as_posix()}::{name}"
            for checklist_id in [*file_ids, *_ids(decorators)]:
                found[checklist_id].append(place)
    return found


def page() -> str:
    """The page as Markdown."""
    tests = marked()
    rows = [
        f"| {known} | {_cell(sentence)} | {_links(tests[known])} |"
        for known, sentence in sentences().items()
    ]
    proved = sum(1 for checklist_id in sentences() if tests[checklist_id])
    summary = f"Proved: {proved} of {len(rows)}.\n"
    return "\n".join([_HEAD, summary, "| Id | Demand | Tests |", "|---|---|---|", *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _links(places: list[str]) -> str:
    return "<br>".join(f"`{place.removeprefix('tests/')}`" for place in sorted(set(places))) or "–"


def _tests(tree: ast.Module) -> Iterator[tuple[str, list[ast.expr]]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if _is_test(inner):
                    assert isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
                    yield (
                        f"{node.name}::{inner.name}",
                        [*node.decorator_list, *inner.decorator_list],
                    )
        elif _is_test(node):
            assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield node.name, node.decorator_list


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")


def _assigned(tree: ast.Module) -> list[str]:
    """Ids of a module-wide `pytestmark`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            return _ids([node.value] if not isinstance(node.value, ast.List) else node.value.elts)
    return []


def _ids(decorators: list[ast.expr]) -> list[str]:
    return [
        argument.value
        for decorator in decorators
        if isinstance(decorator, ast.Call)
        and ast.unparse(decorator.func).endswith("mark.checklist")
        for argument in decorator.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
