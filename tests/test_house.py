"""House rules that no linter holds."""

import ast
import io
import re
import shutil
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from visavis.aliases import ALIASES
from visavis.settings import ENV_FILES, Settings

ROOT = Path(__file__).parents[1]
MAX_LINES = 400
NOTHING_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "handlers"}

NOT_OURS = {".git", ".venv", "data", "build", "dist", "__pycache__", "node_modules"}
"""Directories that are left out where there is no git to ask."""

BROAD_HANDLERS = {
    "src/visavis/api/supervision.py": "supervises requests: the answer is a plain 500, the cause is logged",
    "src/visavis/api/opentalking/socket.py": "supervises sockets: the client is told so, the cause is logged",
    "src/visavis/pool/worker.py": "supervises calls: a defect costs one call, not every session of the process",
    "src/visavis/session/turns.py": "supervises turns: a defect ends the turn with an error event",
    "src/visavis/session/toolbox.py": "supervises tools: a defect is told to the model, and logged",
    "src/visavis/tts/espeak_library.py": "carries what a thread raised to its caller, who raises it",
}
"""Files that may catch everything without raising it again, and why. They log or end what failed."""

FOREIGN = re.compile(
    r"/wor[k]/|/far[m]/|/roo[t]/|/hom[e]/\w|/User[s]/\w"
    r"|pypi\.[o]rg|python[h]osted|npm[j]s|proxy\.gol[a]ng|deb\.deb[i]an|registry\.[n]pm|index-[u]rl"
)
"""Paths of somebody's machine and addresses of registries. The brackets keep this line from finding itself."""

EXCUSE = re.compile(r"#\s*(type:\s*ignore|noqa)", re.IGNORECASE)
EXCUSED = re.compile(
    r"#\s*(?:type:\s*ignore\[[\w\-, ]+\]|noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)\s+#?\s*[^\s#].*", re.IGNORECASE
)


@cache
def files() -> tuple[Path, ...]:
    """What is tracked, or would be if it were added now."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        command = [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
        if listed.returncode == 0:
            names = {ROOT / name for name in listed.stdout.split("\0") if name}
            return tuple(sorted(path for path in names if path.is_file()))
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return tuple(sorted(p for p in found if not NOT_OURS.intersection(p.relative_to(ROOT).parts)))


def modules() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_a_module_is_not_long() -> None:
    lengths = {shown(path): len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_a_module_has_a_name_that_says_something() -> None:
    named = {shown(path): {path.stem, path.parent.name} & NOTHING_NAMES for path in modules()}
    assert [path for path, words in named.items() if words] == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        lines = enumerate(text.splitlines(), 1)
        found += [
            f"{shown(path)}:{number}: {line.strip()[:100]}" for number, line in lines if FOREIGN.search(line)
        ]
    assert found == []


def test_every_exception_to_a_check_names_the_rule_and_has_a_reason() -> None:
    found = []
    for path in modules():
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            comment = token.string if token.type == tokenize.COMMENT else ""
            if EXCUSE.search(comment) and not EXCUSED.search(comment):
                found.append(f"{shown(path)}:{token.start[0]}: {comment}")
    assert found == []


def swallowing_handlers(tree: ast.AST) -> Iterator[ast.ExceptHandler]:
    """Handlers that catch everything and don't end by raising it again."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            broad = any(
                name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException"))
                for name in caught
            )
            last = node.body[-1]
            if broad and not (isinstance(last, ast.Raise) and last.exc is None):
                yield node


def test_only_supervision_points_catch_everything() -> None:
    found = {
        shown(path): handler.lineno
        for path in modules()
        for handler in swallowing_handlers(ast.parse(path.read_text("utf-8")))
    }
    assert {path: line for path, line in found.items() if path not in BROAD_HANDLERS} == {}
    assert BROAD_HANDLERS.keys() - found.keys() == set(), "no longer needed"


def pages() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in pages():
        text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(<?([^)\s>]+)", text):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            place = page.parent / name if name else page
            if not place.exists() or (anchor and anchor not in anchors(place)):
                broken.append(f"{shown(page)}: {target}")
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs/index.md").read_text("utf-8")
    listed = set(re.findall(r"\]\(([^)#\s]+)", index))
    assert {
        path.relative_to(ROOT / "docs").as_posix()
        for path in pages()
        if (ROOT / "docs") in path.parents and path.name != "index.md"
    } <= listed


@pytest.mark.parametrize("page", ["dependencies.md", "licences.md"])
def test_every_dependency_is_explained(page: str) -> None:
    declared = list(project()["dependencies"])
    if page == "dependencies.md":
        declared += [name for extra in project().get("optional-dependencies", {}).values() for name in extra]
    names = {re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0] for requirement in declared}
    text = (ROOT / "docs" / page).read_text("utf-8")
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_the_constraints_pin_every_dependency_and_name_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.\-]+==[\w.+!]+", line)] == []
    pinned = {canonical(line.partition("==")[0]) for line in pins}
    declared = project()["dependencies"] + project()["optional-dependencies"]["dev"]
    names = {canonical(re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]) for requirement in declared}
    assert names - pinned == set()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def entry_points() -> list[EntryPoint]:
    groups = project().get("entry-points", {}) | {"console_scripts": project()["scripts"]}
    return [EntryPoint(name, value, group) for group, points in groups.items() for name, value in points.items()]


@pytest.mark.parametrize("point", entry_points(), ids=lambda point: f"{point.group}:{point.name}")
def test_every_entry_point_loads(point: EntryPoint) -> None:
    assert callable(point.load())


def documented_settings() -> Iterator[str]:
    """The row of each setting: name, default, and the docstring below the field."""
    tree = ast.parse((ROOT / "src/visavis/settings.py").read_text("utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            default = Settings.model_fields[field.target.id].get_default(call_default_factory=True)
            shown = (
                ""
                if default in ("", None, {})
                else f"`{str(default).lower() if isinstance(default, bool) else default}`"
            )
            text = ast.literal_eval(below.value)
            yield f"| `VISAVIS_{field.target.id.upper()}` | {shown} | {text} |"


def test_the_configuration_page_says_what_the_settings_say() -> None:
    lines = set((ROOT / "docs/configuration.md").read_text("utf-8").splitlines())
    rows = list(documented_settings())
    assert len(rows) == len(Settings.model_fields), "a field without a docstring below it"
    assert [row for row in rows if row not in lines] == []


def test_the_configuration_page_names_every_alias_and_nothing_that_does_not_exist() -> None:
    text = (ROOT / "docs/configuration.md").read_text("utf-8")
    for field, names in ALIASES.items():
        assert [name for name in names if f"| `{name}` | `VISAVIS_{field.upper()}` |" not in text] == []
    known = {f"VISAVIS_{field.upper()}" for field in Settings.model_fields} | {"VISAVIS_CONFIG", *ENV_FILES}
    known |= {name for names in ALIASES.values() for name in names}
    for page in pages():
        named = set(re.findall(r"\b((?:VISAVIS|OPENTALKING)_[A-Z0-9_]+)\b", page.read_text("utf-8")))
        assert {name for name in named - known if not name.startswith("VISAVIS_OPTIONS__")} == set(), page.name
