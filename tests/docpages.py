"""The pages of the documentation taken apart: links, fenced blocks, files to be written, commands."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block: its language, and its text without the indentation of the fence."""

    language: str
    text: str


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str = "") -> list[Block]:
    """The fenced blocks of a page in their order; those of one language where one is named."""
    found = [
        Block(kind, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
        for indent, kind, text in _FENCED.findall(page.read_text())
    ]
    return [block for block in found if language in ("", block.language)]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCED.sub("", page.read_text())


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def spans(page: Path) -> list[str]:
    """What stands between backticks within the text."""
    return _SPAN.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def files(page: Path) -> dict[str, str]:
    """The files that a page tells one to write: a block below a line with its path."""
    return dict(_FILE.findall(page.read_text()))


def write(page: Path, folder: Path) -> None:
    """Does what the page says: writes its files below `folder`, and copies the res/ of a package beside the others."""
    for path, text in files(page).items():
        for place in {path, path[path.find("res/") :] if "/res/" in path else path}:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(text)


def install(package: Path) -> None:
    """The package as pip leaves it behind, in its own folder: the entry points of its pyproject.toml beside its modules."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    info = package / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{point} = {target}" for point, target in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))


def commands(page: Path) -> Iterator[list[str]]:
    """The words behind `webingo` of every command that a page shows, in shell blocks and in its text. A command that the text
    only names, without any argument, comes with --help."""
    lines = [line for block in blocks(page, "sh") for line in block.text.splitlines()]
    for line in (*lines, *(span if " " in span.removeprefix("webingo ") else f"{span} --help" for span in spans(page))):
        found = re.match(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?webingo (.+)", line)
        if found:
            yield shlex.split(found[1])


def targets(page: Path) -> Iterator[str]:
    """The targets of every `make` that a page shows."""
    text = "\n".join([*(block.text for block in blocks(page, "sh")), *spans(page)])
    yield from re.findall(r"^(?:[A-Z_]+=\S+ )*make (\w+)$", text, re.MULTILINE)
