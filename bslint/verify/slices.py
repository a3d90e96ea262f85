"""Backward slices: of a list of statements, those that some names hang on, without what a proof must not do."""

from __future__ import annotations

import ast
import builtins
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

Statements: TypeAlias = "list[ast.stmt]"

# What a recipe binds: a model, a dataset, or that a loop has ended.
MODEL = "bslint_model"
DATASET = "bslint_dataset"
STEPS = "bslint_steps"
_BOUND = frozenset((MODEL, DATASET, STEPS))
# The functions of which a recipe gets synthetic samples, and looks at a dataset.
STAND_IN = "bslint_stand_in"
LOOK = "bslint_look"
# The functions that give a training loop its synthetic batches, one by one or when it draws them, an evaluation its
# one batch, and that tell a loop which draws whether it has run often enough, or give it the numbers of its turns.
BATCHES = "bslint_batches"
ITERATOR = "bslint_iterator"
EVALUATION = "bslint_evaluation"
TURN = "bslint_turn"
TURNS = "bslint_turns"
# The functions of which a loop over windows gets numbered samples, and that keep its turns and what it reads.
SAMPLES = "bslint_samples"
TURNED = "bslint_turned"
READ = "bslint_read"
_GIVEN = (SAMPLES, TURNED, READ, STAND_IN, LOOK, BATCHES, ITERATOR, EVALUATION, TURN, TURNS)
# Calls that train, measure, read data, write files, draw or talk: a recipe has none of them.
BANNED = frozenset(
    "fit fit_generator train_on_batch evaluate evaluate_generator predict predict_generator predict_on_batch "
    "test_on_batch save save_weights save_model export load_weights summary plot_model adapt print pprint "
    "load_data read_csv read_json read_table read_pickle read_excel loadtxt genfromtxt urlretrieve get_file "
    "urlopen image_dataset_from_directory text_dataset_from_directory audio_dataset_from_directory "
    "flow_from_directory flow_from_dataframe flow TFRecordDataset TextLineDataset CsvDataset make_csv_dataset "
    "from_tensor_slices from_generator list_files listdir glob walk imread open makedirs mkdir rmtree remove "
    "system Popen check_call check_output show savefig figure plot imshow subplot subplots legend title xlabel "
    "ylabel scatter hist sleep init login finish download extractall".split()
)
# Sources that a pipeline run fills with synthetic samples.
SOURCES = frozenset(
    "load_data image_dataset_from_directory text_dataset_from_directory TFRecordDataset TextLineDataset "
    "from_tensor_slices from_generator list_files tfds.load".split()
)
# Calls that read data, from files or from the network.
_READS = frozenset(
    "load_data read_csv read_json read_table read_pickle read_excel loadtxt genfromtxt urlretrieve get_file urlopen "
    "image_dataset_from_directory text_dataset_from_directory flow_from_directory flow_from_dataframe listdir glob "
    "walk imread open np.load numpy.load tfds.load".split()
)
# `tfds.load` and `np.load`, but not `pickle.loads`.
_BANNED_PATHS = frozenset(
    "tfds.load tfds.builder np.load numpy.load wandb.init mlflow.start_run nn.load tf.summary.scalar tf.summary.image "
    "tf.summary.histogram tf.summary.text tf.summary.trace_on tf.summary.trace_export".split()
)
# Calls without a result that change how models are built.
_SETTINGS = frozenset(
    "set_global_policy set_policy set_image_data_format set_floatx set_random_seed set_seed run_functions_eagerly "
    "enable_mixed_precision_graph_rewrite enable_eager_execution clear_session set_jit mark_as_parsed "
    "bslint_turned bslint_read".split()
)
# What programs call the object that holds the values of `absl`'s flags.
_FLAGS = "FLAGS"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__"}


def names_in(node: ast.AST | Iterable[ast.AST]) -> set[str]:
    """Variables that a piece of code reads, in nested functions as well; annotations are never looked at.

    The parameters of a lambda are its own.
    """
    found: set[str] = set()
    pending: list[ast.AST] = [node] if isinstance(node, ast.AST) else list(node)
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Store):
            found.add(one.id)
        if isinstance(one, ast.Lambda):
            found |= names_in(one.body) - {each.arg for each in ast.walk(one.args) if isinstance(each, ast.arg)}
            pending.append(one.args)
            continue
        annotations = (getattr(one, "annotation", None), getattr(one, "returns", None))
        pending.extend(child for child in ast.iter_child_nodes(one) if child not in annotations)
    return found


def called(node: ast.Call) -> str:
    """The path of a callee, as far as it is names: `tfds.load`; its last name after anything else."""
    parts: list[str] = []
    function: ast.expr = node.func
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if isinstance(function, ast.Name):
        parts.append(function.id)
    return ".".join(reversed(parts))


def is_banned(node: ast.AST, allowed: frozenset[str] = frozenset()) -> bool:
    """Whether a statement or expression does what a proof must not do; functions that are only defined do nothing.

    Args:
        node: the statement or expression.
        allowed: calls that it may do all the same.
    """
    if isinstance(node, _DEFINITIONS):
        return False
    for one in _executed(node):
        if isinstance(one, ast.Call):
            path = called(one)
            name = path.rpartition(".")[2]
            if (name in BANNED or path in _BANNED_PATHS) and name not in allowed and path not in allowed:
                return True
    return False


def _executed(node: ast.AST) -> Iterable[ast.AST]:
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        if not isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)) or one is node:
            pending.extend(ast.iter_child_nodes(one))


def root(node: ast.AST) -> str | None:
    """The variable at the beginning of `a.b[c].d`."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    if isinstance(node, ast.Call):
        return root(node.func)
    return node.id if isinstance(node, ast.Name) else None


def bound(statement: ast.stmt) -> set[str]:
    """Variables that a statement binds, in the blocks inside it as well."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    found: set[str] = set()
    for one in _executed(statement):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.add(one.id)
        elif isinstance(one, _DEFINITIONS):
            found.add(one.name)
        elif isinstance(one, ast.alias):
            found.add((one.asname or one.name).partition(".")[0])
        elif isinstance(one, ast.ExceptHandler) and one.name:
            found.add(one.name)
    return found


def changed(statement: ast.stmt) -> set[str]:
    """Variables whose objects a statement changes: `model.add(…)`, `base.trainable = False`, `options["a"] = 1`."""
    if isinstance(statement, _DEFINITIONS):
        return set()
    found: set[str | None] = set()
    for one in _executed(statement):
        if isinstance(one, (ast.Attribute, ast.Subscript)) and isinstance(one.ctx, ast.Store):
            found.add(root(one))
        elif (
            isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and isinstance(one.value.func, ast.Attribute)
        ):
            found.add(root(one.value.func))
            if one.value.func.attr.startswith("DEFINE_"):
                found.add(_FLAGS)
            if one.value.func.attr == "shuffle" and one.value.args:
                found.add(root(one.value.args[0]))
        elif isinstance(one, ast.For) and _changes_elements(one):
            found.add(root(one.iter))
    return {name for name in found if name is not None}


def modules_of(tree: ast.AST) -> frozenset[str]:
    """Names of the modules that are imported anywhere, and of what is imported from them."""
    found = (one for one in ast.walk(tree) if isinstance(one, ast.alias))
    return frozenset((one.asname or one.name).partition(".")[0] for one in found)


def parents_of(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """What each node is directly in."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def readers(tree: ast.AST) -> frozenset[str]:
    """Functions that read data whenever they are called, by themselves or through others."""
    bodies = {one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
    calls = {
        name: {called(one) for one in _always(body.body) if isinstance(one, ast.Call)} for name, body in bodies.items()
    }
    found = {name for name, paths in calls.items() if any(_READS & {path, path.rpartition(".")[2]} for path in paths)}
    while more := {name for name, paths in calls.items() if paths & found} - found:
        found |= more
    return frozenset(found)


def _always(statements: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """What is executed whenever a block is."""
    pending = list(statements)
    while pending:
        one = pending.pop()
        yield one
        if not isinstance(one, (*_DEFINITIONS, ast.Lambda, ast.If, ast.IfExp, ast.Try)):
            pending.extend(ast.iter_child_nodes(one))


def changers(tree: ast.AST) -> dict[str, set[int]]:
    """Functions that change what they are given, and which of their parameters: `def turn(x): x[:] = x[::-1]`."""
    found: dict[str, set[int]] = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef):
            names = set().union(*map(changed, one.body))
            found[one.name] = {place for place, given in enumerate(one.args.args) if given.arg in names}
    return {name: places for name, places in found.items() if places}


def _parts(statements: Sequence[ast.stmt], modules: frozenset[str]) -> dict[str, set[str]]:
    """Variables that hold a part of another one's: after `base = model.layers[1]`, `base` is part of `model`."""
    found: dict[str, set[str]] = {}
    for statement in statements:
        for one in ast.walk(statement):
            if isinstance(one, ast.Assign) and isinstance(one.value, (ast.Attribute, ast.Subscript, ast.Call)):
                whole = (
                    root(one.value)
                    if isinstance(getattr(one.value, "func", one.value), (ast.Attribute, ast.Subscript))
                    else None
                )
                for target in one.targets:
                    if whole not in {None, *modules} and isinstance(target, ast.Name) and target.id != whole:
                        found.setdefault(target.id, set()).add(str(whole))
    return found


def _changes_elements(loop: ast.For) -> bool:
    """`for layer in base.layers: layer.trainable = False` changes `base`."""
    element = root(loop.target)
    return any(
        isinstance(one, (ast.Attribute, ast.Subscript)) and isinstance(one.ctx, ast.Store) and root(one) == element
        for one in ast.walk(loop)
    )


class Slice:
    """What is kept of a list of statements.

    Args:
        statements: in order.
        needed: variables that are read after them.
        modules: names of imported modules.
        stand_in: makes what a variable is set to that only banned statements bind; without it the variable is lost.
        sources: whether, with a stand-in, the program's own sources of samples may stay.
        changers: functions that change what they are given.
        readers: functions that read data: calls of them are banned, too.

    Attributes:
        kept: the statements that matter.
        needed: variables that have to come from elsewhere.
        lost: variables that matter and that only banned statements bind.
    """

    def __init__(
        self,
        statements: Sequence[ast.stmt],
        needed: Iterable[str],
        modules: frozenset[str] = frozenset(),
        stand_in: Callable[[str], ast.expr] | None = None,
        *,
        sources: bool = True,
        changers: Mapping[str, Collection[int]] = MappingProxyType({}),
        readers: Collection[str] = (),
    ) -> None:
        self._changers = changers
        self._readers = frozenset(readers)
        self.needed = set(needed)
        self._stand_in = stand_in
        self._allowed = SOURCES if stand_in is not None and sources else frozenset[str]()
        self.lost: set[str] = set()
        self._parts = _parts(statements, modules)
        self.kept = self._block(statements)

    def _block(self, statements: Sequence[ast.stmt]) -> Statements:
        kept: Statements = []
        for statement in reversed(statements):
            kept = [*self._statement(statement), *kept]
        return kept

    def _statement(self, statement: ast.stmt) -> Statements:
        if isinstance(statement, (ast.Return, ast.Break, ast.Continue, ast.Raise)):
            self.needed |= names_in(statement)
            return [statement]
        if isinstance(statement, Whole):
            parts = [one for one in (statement.loop, statement.evaluation) if one is not None]
            counted = {root(one.target) for each in parts for one in ast.walk(each) if isinstance(one, ast.AugAssign)}
            targets = {name for one in parts if isinstance(one, ast.For) for name in targets_of(one)}
            self.needed |= (names_in(parts) | {name for name in counted if name}) - targets
            return [*parts]
        if _is_compound(statement):
            return self._compound(statement)
        binds = bound(statement)
        wanted = (binds | self._changed(statement)) & self.needed
        if not wanted and not _sets(statement) and not _rebinds(statement):
            return []
        if (self._is_banned(statement) and not binds & _BOUND) or _takes_words(statement):
            return self._lose(binds & self.needed)
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            return [self._imported(statement)]
        if isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets):
            self.needed -= binds
        elif isinstance(statement, _DEFINITIONS):
            self.needed -= {statement.name}
        self.needed |= names_in(statement) - _own(statement)
        return [statement]

    def _is_banned(self, node: ast.AST) -> bool:
        return is_banned(node, self._allowed) or (
            not isinstance(node, _DEFINITIONS)
            and any(isinstance(one, ast.Call) and called(one) in self._readers for one in _executed(node))
        )

    def _lose(self, names: set[str]) -> Statements:
        """What takes the place of a banned statement that binds variables which matter."""
        if self._stand_in is None:
            self.lost |= names
            return []
        self.needed -= names
        return [ast.Assign([ast.Name(name, ast.Store())], self._stand_in(name)) for name in sorted(names)]

    def _changed(self, statement: ast.stmt) -> set[str]:
        """What a statement changes, and what that is a part of."""
        names = changed(statement)
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call):
            places = self._changers.get(called(call), ())
            names |= {name for place, one in enumerate(call.args) if place in places and (name := root(one))}
        return names.union(*(self._parts.get(name, ()) for name in names))

    def _imported(self, statement: ast.Import | ast.ImportFrom) -> ast.stmt:
        names = [
            one
            for one in statement.names
            if one.name == "*" or (one.asname or one.name).partition(".")[0] in self.needed
        ]
        return ast.copy_location(
            ast.Import(names)
            if isinstance(statement, ast.Import)
            else ast.ImportFrom(statement.module, names, statement.level),
            statement,
        )

    def _compound(self, statement: ast.stmt) -> Statements:
        """A block statement with the blocks inside it sliced; its header is kept whole."""
        fields = [name for name in ("body", "orelse", "finalbody") if getattr(statement, name, None)]
        if isinstance(statement, ast.For) and _changes_elements(statement) and root(statement.iter) in self.needed:
            self.needed |= targets_of(statement)
        blocks = {name: self._branch(getattr(statement, name)) for name in fields}
        if isinstance(statement, (ast.For, ast.While)):
            # A loop's body is read again by its next turn.
            blocks = {name: self._branch(getattr(statement, name)) for name in fields}
        handlers = [self._handler(one) for one in getattr(statement, "handlers", ())]
        if not any(blocks.values()):
            return []
        if isinstance(statement, ast.For) and _ends_at_once(blocks["body"]):
            body = blocks["body"][:-1]
            if not names_in(body) & targets_of(statement):
                return body
        header = _header(statement)
        if any(map(self._is_banned, header)):
            return self._lose(bound(statement) & self.needed)
        for one in header:
            self.needed |= names_in(one)
        if _ends_at_once(blocks["body"]):
            blocks["body"][-1] = ast.Break()
        made = {name: block or ([ast.Pass()] if name == "body" else []) for name, block in blocks.items()}
        values = {name: getattr(statement, name, None) for name in statement._fields} | made
        if handlers:
            values["handlers"] = handlers
        copy: ast.stmt = type(statement)(**values)  # type: ignore[arg-type]
        return [ast.copy_location(copy, statement)]

    def _branch(self, statements: Sequence[ast.stmt]) -> Statements:
        """A block that may not be run: what it binds can be needed all the same."""
        before = set(self.needed)
        kept = self._block(statements)
        self.needed |= before
        return kept

    def _handler(self, handler: ast.ExceptHandler) -> ast.ExceptHandler:
        body = self._branch(handler.body)
        if handler.type is not None:
            self.needed |= names_in(handler.type)
        return ast.ExceptHandler(handler.type, handler.name, body or [ast.Pass()])


def targets_of(loop: ast.For) -> set[str]:
    """The variables that a loop sets in each turn."""
    return bound(ast.For(loop.target, loop.iter, [], []))


def of_program(statements: Sequence[ast.stmt], needed: Collection[str], **options: Any) -> Slice:
    """The slice of a file's statements: what functions read of it may be bound behind them.

    Args:
        statements: of the file.
        needed: variables that are read at its end.
        options: as for `Slice`.
    """
    everything = set[str]().union(*map(bound, statements))
    wanted = set(needed)
    while True:
        cut = Slice(statements, wanted, **options)
        late = missing(cut) & everything - wanted - cut.lost
        if not late:
            return cut
        wanted |= late


class Whole(ast.Pass):
    """A loop that a proof runs as it is, and the evaluation behind it."""

    def __init__(self, loop: ast.For | ast.While, evaluation: ast.For | None) -> None:
        super().__init__()
        self.loop = loop
        self.evaluation = evaluation


def without_banned(statements: Sequence[ast.stmt]) -> Statements:
    """A block without what a proof must not do: what it prints, draws, saves and measures beside the training."""
    kept: Statements = []
    for statement in statements:
        if not _is_compound(statement):
            kept += [] if is_banned(statement) else [statement]
        elif not any(is_banned(one) for one in _header(statement)):
            for name in ("body", "orelse", "finalbody"):
                inner = getattr(statement, name, None)
                if inner:
                    setattr(statement, name, without_banned(inner) or ([ast.Pass()] if name == "body" else []))
            kept.append(statement)
    return kept


class _Last(ast.Break):
    """The end of a loop of which only the first turn matters."""


def last_of_loop() -> ast.stmt:
    """A `break` behind what a proof wants of a loop."""
    return _Last()


def _ends_at_once(body: Statements) -> bool:
    return bool(body) and isinstance(body[-1], _Last)


def missing(cut: Slice) -> set[str]:
    """The names that nothing in a slice binds, and that Python does not have by itself."""
    return cut.needed.difference(_BUILTINS, _GIVEN, *map(bound, cut.kept))


def _takes_words(statement: ast.stmt) -> bool:
    """Whether a statement takes words of the command line as they come: `path = sys.argv[1]`."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.Subscript) and ast.unparse(value.value) == "sys.argv"


def _sets(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Call) and called(value).rpartition(".")[2] in _SETTINGS


def _rebinds(statement: ast.stmt) -> bool:
    """Whether a statement sets variables by their names: `globals()[name] = value`."""
    targets: list[ast.expr] = statement.targets if isinstance(statement, ast.Assign) else []
    written = [one.value for one in targets if isinstance(one, ast.Subscript)]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        written += [function.value] if isinstance(function, ast.Attribute) and function.attr == "update" else []
    return any(isinstance(one, ast.Call) and called(one) == "globals" for one in written)


def _is_compound(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith))


def _header(statement: ast.stmt) -> list[ast.AST]:
    if isinstance(statement, (ast.If, ast.While)):
        return [statement.test]
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        return [statement.iter]
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return [item.context_expr for item in statement.items]
    return []


def _own(statement: ast.stmt) -> set[str]:
    """Parameters and local variables of a function that is defined: they come from nowhere else."""
    if not isinstance(statement, _DEFINITIONS):
        return set()
    found: set[str] = set()
    for one in ast.walk(statement):
        if isinstance(one, ast.arg):
            found.add(one.arg)
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.add(one.id)
        elif isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(one.name)
        elif isinstance(one, ast.alias):
            found.add((one.asname or one.name).partition(".")[0])
    return found
