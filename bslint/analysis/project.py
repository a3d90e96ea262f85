"""The other files of a program's project: found next to the file or at its import roots, and read as far as needed.

Of such a file only the statements that define a wanted name are executed, when the name is first used: most of what a
project imports plays no part in its training.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bslint.analysis.names import canonical, star_member
from bslint.analysis.store import Scope
from bslint.analysis.values import NONE, Api, Key, Late, ProjectModule, Symbol, Value
from bslint.siblings import import_roots, module_file
from bslint.syntax.parse import parse, read_text
from bslint.syntax.rows import split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from bslint.analysis.interpreter import Interpreter

# Files that one program may pull in.
MAX_FILES: Final = 24

# Longer definitions (in characters) must name something of training to be looked at, and very long ones (docstrings do
# not count) are not.
_SHORT: Final = 1_000
_LONG: Final = 15_000
_TRAINING: Final = (
    "dataset", "Dataset", ".batch(", ".fit(", "apply_gradients", "minimize(", "keras", "Sequential", "strategy",
    "Strategy", "tfds", "add_argument", "GradientTape",
)  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d]\w*")
_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

# Stands for a method that is not looked at.
UNREAD: Final = "__method_not_read__"


class Index(msgspec.Struct, frozen=True):
    """The top-level statements of a file, by the names that they bind or change.

    Args:
        statements: the source of each statement.
        rows: the row of the file on which each statement starts.
        touching: for each name the numbers of its statements, in order.
        stars: modules imported with a star, relative ones with their dots.
        always: statements that register something wherever they stand (absl flags).
    """

    statements: list[str] = msgspec.field(default_factory=list)
    rows: list[int] = msgspec.field(default_factory=list)
    touching: dict[str, list[int]] = msgspec.field(default_factory=dict)
    stars: list[str] = msgspec.field(default_factory=list)
    always: list[int] = msgspec.field(default_factory=list)


class Fragment(msgspec.Struct, frozen=True, eq=False):
    """A statement of another file that was executed.

    Args:
        path: the file.
        row: the row of the file on which it starts.
        text: its source, whole rows.
        tree: the same parsed.
    """

    path: str
    row: int
    text: str
    tree: cst.Module


class Project:
    """Resolves imports of sibling files.

    Args:
        path: the linted file; its folder and the folder above its outermost package are import roots.
    """

    def __init__(self, path: str) -> None:
        self._file = Path(path)
        self._modules: dict[str, ProjectModule] = {}
        self._files: dict[int, Path] = {}
        self._stars: dict[int, list[ProjectModule | str]] = {}
        self._indexes: dict[int, Index] = {}
        self._resolving: set[Key] = set()
        self.fragments: list[Fragment] = []  # values are told apart by where their nodes are in memory
        self._roots: tuple[Path, ...] | None = None

    @property
    def read(self) -> tuple[str, ...]:
        """The files that were looked into."""
        return tuple(self._modules)

    @property
    def roots(self) -> tuple[Path, ...]:
        """Folders from which absolute imports are resolved, nearest first."""
        if self._roots is None:
            self._roots = import_roots(self._file.parent)
        return self._roots

    def module(self, it: Interpreter, path: str, level: int) -> ProjectModule | None:
        """The project file that an import names, None when it is not of this project."""
        file = self._find(it, path, level)
        return self._open(it, file) if file is not None else None

    def _find(self, it: Interpreter, path: str, level: int) -> Path | None:
        parts = tuple(path.split(".")) if path else ()
        if level:
            base = self._files.get(it.frame.scope.module().uid, self._file).parent
            for _ in range(level - 1):
                base = base.parent
            return module_file(base, parts)
        if not parts or not self._file.name:
            return None
        return next((found for root in self.roots if (found := module_file(root, parts)) is not None), None)

    def _open(self, it: Interpreter, file: Path) -> ProjectModule | None:
        key = str(file)
        found = self._modules.get(key)
        if found is None and file != self._file and len(self._modules) < MAX_FILES:
            scope = Scope(it.uid("module", key), "module")
            found = self._modules[key] = ProjectModule(key, scope)
            self._files[scope.uid] = file
        return found

    def module_name(self, scope: Scope) -> str:
        """What `__name__` is: the linted file is the program, the others are imported."""
        file = self._files.get(scope.uid)
        return file.stem if file is not None else "__main__"

    def member(self, it: Interpreter, module: ProjectModule, name: str) -> Value | None:
        """A name of another file, or a submodule of a package."""
        found = self.late(it, module.scope, name)
        if found is not None:
            return found
        path = Path(module.path)
        file = module_file(path.parent, (name,)) if path.name == "__init__.py" else None
        return self._open(it, file) if file is not None else None

    def late(self, it: Interpreter, scope: Scope, name: str) -> Value | None:
        """A name of another file's module scope: its statements are executed when it is first asked for."""
        file = self._files.get(scope.uid)
        if file is not None:
            self._execute(it, scope, file, name)
        found = it.store.get((scope.uid, name))
        if found is not None:
            return it.settled(found)
        return self.starred(it, scope, name)

    def _execute(self, it: Interpreter, scope: Scope, file: Path, name: str) -> None:
        index = self._indexes.get(scope.uid)
        if index is None:
            index = self._indexes[scope.uid] = _index(str(file), file.stat().st_mtime_ns)
        for number in (*index.always, *index.touching.get(name, ())):
            if it.store.get(("executed", scope.uid, number)) is not None:
                continue
            it.store.set(("executed", scope.uid, number), NONE)
            text, row = index.statements[number], index.rows[number]
            tree = _parsed(text, str(file), row)
            if tree is not None:
                self.fragments.append(Fragment(str(file), row, text, tree))
                with it.elsewhere(scope):
                    it.run_module(tree, scope)
        if scope.uid not in self._stars:
            self._stars[scope.uid] = []
            for star in index.stars:
                level = len(star) - len(star.lstrip("."))
                self._star(it, scope, star[level:], level)

    def define_flags(self, it: Interpreter) -> None:
        """Execute the statements of imported files that define absl flags."""
        for module in list(self._modules.values()):
            self._execute(it, module.scope, Path(module.path), "")

    def star(self, it: Interpreter, path: str, level: int) -> None:
        """Remember `from path import *`."""
        self._star(it, it.frame.scope.module(), path, level)

    def _star(self, it: Interpreter, scope: Scope, path: str, level: int) -> None:
        with it.inside(scope):
            module = self.module(it, path, level)
        self._stars.setdefault(scope.uid, []).append(module if module is not None else canonical(path))

    def starred(self, it: Interpreter, scope: Scope, name: str) -> Value | None:
        """A name that a star import binds: of a sibling file, or of Keras or TensorFlow."""
        asked = ("star", scope.uid, name)
        if asked in self._resolving:
            return None
        self._resolving.add(asked)
        found = (self._from_star(it, source, name) for source in reversed(self._stars.get(scope.uid, [])))
        value = next((one for one in found if one is not None), None)
        self._resolving.discard(asked)
        return value

    def _from_star(self, it: Interpreter, source: ProjectModule | str, name: str) -> Value | None:
        if isinstance(source, ProjectModule):
            return self.member(it, source, name)
        member = star_member(source, name)
        return Api(member) if member is not None else None

    def import_name(self, it: Interpreter, path: str, level: int, name: str, node: cst.CSTNode) -> Value:
        """`from path import name`: a submodule, a member of a sibling file, or a library name."""
        full = f"{path}.{name}" if path else name
        module = self.module(it, path, level) if path or level else None
        itself = module is not None and module.scope.uid == it.frame.scope.module().uid
        if module is not None and not itself:
            return Late(module, name, node)
        submodule = self.module(it, full, level)
        if submodule is not None:
            return submodule
        return Symbol(("import", path, level, name), name, node) if level else Api(canonical(full), node)

    def resolve(self, it: Interpreter, late: Late) -> Value:
        """What an imported name of a sibling file stands for; files that import each other in a circle lead nowhere."""
        found = None
        if late.key not in self._resolving:
            self._resolving.add(late.key)
            found = self.member(it, late.module, late.name)
            self._resolving.discard(late.key)
        return found if found is not None else Symbol(("import", late.module.path, late.name), late.name, late.origin)


@lru_cache(maxsize=2048)
def _index(path: str, changed: int) -> Index:
    """The statements of a file; `changed` is its modification time."""
    text = read_text(path)
    try:
        tree = ast.parse(text) if text is not None else ast.Module([], [])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module([], [])
    index = Index()
    rows = split_rows(text or "")
    telling = _telling(tree, rows)
    for statement in tree.body:
        number = len(index.statements)
        first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", []))])
        source = _worth("".join(rows[first - 1 : statement.end_lineno]), statement, telling)
        index.statements.append(source)
        index.rows.append(first)
        if isinstance(statement, ast.Expr) and "DEFINE_" in source:
            index.always.append(number)
        for name in _touched(statement, index):
            index.touching.setdefault(name, []).append(number)
    return index


def _telling(tree: ast.Module, rows: list[str]) -> set[str]:
    """The names of a module that are of training: its own ones for layers, and those of what uses them. `*` is any."""
    names: set[str] = set()
    others: list[tuple[str, frozenset[str]]] = []
    for statement in tree.body:
        source = "".join(rows[statement.lineno - 1 : statement.end_lineno])
        if not isinstance(statement, _DEFINITIONS):
            names.update(_touched(statement, Index()) if "keras" in source else ())
        elif _trains(source):
            names.add(statement.name)
        else:
            others.append((statement.name, frozenset(_WORD.findall(source))))
    while more := {name for name, words in others if not words.isdisjoint(names)} - names:
        names |= more
    return names


def _trains(source: str) -> bool:
    return any(word in source for word in _TRAINING)


def _worth(source: str, statement: ast.stmt, telling: set[str]) -> str:
    """The part of a statement that training can depend on: long functions that name nothing of it are left out."""
    if len(source) <= _SHORT or not isinstance(statement, _DEFINITIONS):
        return source
    tells = "*" in telling or _trains(source) or not telling.isdisjoint(_WORD.findall(source))
    if tells and (len(source) <= _LONG or len(source) - _documented(statement) <= _LONG):
        return source
    return _outline(statement) if isinstance(statement, ast.ClassDef) else ""


def _documented(statement: ast.stmt) -> int:
    """How long the docstrings in a definition are."""
    inner = (one for one in ast.walk(statement) if isinstance(one, _DEFINITIONS))
    return sum(len(ast.get_docstring(one, clean=False) or "") for one in inner)


def _outline(statement: ast.ClassDef) -> str:
    """A class with its bases; its methods are there, but not known."""
    bases = ", ".join(map(ast.unparse, statement.bases))
    methods = [one.name for one in statement.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
    body = [f"    {name} = {UNREAD}" for name in methods if name != "__init__"] or ["    pass"]
    return "\n".join([f"class {statement.name}({bases}):", *body, ""])


def _touched(statement: ast.stmt, index: Index) -> Iterator[str]:
    """The module-level names that a statement binds or changes."""
    if isinstance(statement, _DEFINITIONS):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            index.stars.append("." * statement.level + (statement.module or ""))
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    elif isinstance(statement, ast.Expr):
        if isinstance(statement.value, ast.Call):
            yield from _root(statement.value)
    else:
        inner = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.stmt)]
        inner += [one for handler in getattr(statement, "handlers", []) for one in handler.body]
        yield from dict.fromkeys(name for one in inner for name in _touched(one, index))


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id


@lru_cache(maxsize=2048)
def _parsed(statement: str, path: str, row: int) -> cst.Module | None:
    """A statement's tree: one for each place, so that a node tells where it stands."""
    return parse(statement)
