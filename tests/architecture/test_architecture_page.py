"""The pages for developers name the files and packages that exist, in the import direction that is enforced."""

from __future__ import annotations

import re
from pathlib import Path

from api.page import DOCS, fences
from architecture.program import ROOT, SOURCE
from architecture.test_spine import SPINE

PAGE = DOCS / "architecture.md"
_NAME = re.compile(r"(?<![\w./*{-])(?:[a-z_]\w*/)*(?:[\w*]+\.(?:py|md)\b|[a-z_]\w*/(?![\w.*{]))")


def test_files_and_directories_that_the_pages_name_exist() -> None:
    wrong = [
        f"{page.name} names {name}"
        for page in (PAGE, ROOT / "CONTRIBUTING.md")
        for name in sorted(set(_NAME.findall(page.read_text())))
        if not _exists(name, page)
    ]
    assert not wrong, "\n".join([*wrong, "Write the present name; paths are relative to src/linkxg or to the root."])


def _exists(name: str, page: Path) -> bool:
    """A name without a path may be anywhere in the program: `store.py`."""
    if "/" in name.rstrip("/"):
        return any((folder / name).exists() for folder in (SOURCE, ROOT, page.parent))
    return any(SOURCE.rglob(name.rstrip("/"))) or any((folder / name).exists() for folder in (ROOT, page.parent))


def test_every_package_is_named() -> None:
    packages = {path.parent for path in SOURCE.rglob("*.py") if path.name != "__init__.py"} - {SOURCE}
    named = {name.rstrip("/").rpartition("/")[2] for name in _NAME.findall(PAGE.read_text()) if name.endswith("/")}
    missing = sorted(str(package.relative_to(SOURCE)) for package in packages if package.name not in named)
    assert not missing, f"docs/architecture.md, «The tree», does not name {', '.join(missing)}"


def test_the_import_direction_is_the_one_that_is_enforced() -> None:
    """`SPINE` as the page shows it: the groups on one line, the features of each group on a line of their own."""
    lines: dict[str, list[str]] = {}
    for names in SPINE:
        for group in {name.rpartition(".")[0] for name in names}:
            found = [name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == group and _is_code(name)]
            lines.setdefault(group, []).append(" ".join(found))
    expected = [
        (f"{group}: " if group else "") + " < ".join(filter(None, ranks))
        for group, ranks in lines.items()
        if any(ranks)
    ]
    shown = [block for _, _, block in fences(PAGE) if " < " in block]
    assert shown[0].splitlines() == expected, "\n".join(["«Import direction» should read:", *expected])


def _is_code(name: str) -> bool:
    """Whether a package of `SPINE` exists already; its entry points stand on no rank of the page."""
    path = SOURCE / name.replace(".", "/")
    return name not in {"", "__main__"} and (path.is_dir() or path.with_suffix(".py").exists())
