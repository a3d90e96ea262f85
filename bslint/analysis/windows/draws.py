"""What is drawn by chance: permutations, indices, and the seeds that make the same draw again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bslint.analysis.values import Key, Value
from bslint.analysis.windows.entry import permuted
from bslint.analysis.windows.values import RANDOM, Array, Drawn, Generator, Root, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

    from bslint.analysis.windows.machine import Machine

# Modules whose `shuffle` gives arrays in another order, and never takes a number of them.
OF_ARRAYS: Final = frozenset(("tf.random", "sklearn.utils"))
# The generators that a function seeds, where these are not those of its own module.
_SEEDS: Final = {
    "set_seed": ("tf.random",),
    "set_random_seed": ("random", "numpy.random", "tf.random"),
    "seed": (),
}
_MAKERS: Final = frozenset(("default_rng", "RandomState", "Random"))
# Positions of the number of indices that a function draws.
_SIZES: Final = {"choice": 1, "choices": 1, "sample": 1, "randint": 2, "integers": 2}


def seed(m: Machine, name: str, owner: Key, given: Sequence[Any], keywords: dict[str, Any], node: cst.CSTNode) -> Any:
    """A generator is seeded, or made: from a number that is known, its draws are the same as the last time."""
    m.seeded = True
    number = m.number(given[0] if given else next(iter(keywords.values()), None))
    if name in _MAKERS:
        made = Generator(("generator", name))
        _start(m, made.key, number, node)
        return made
    for one in _SEEDS.get(name, ()) or (owner,):
        _start(m, one, number, node)
    return None


def _start(m: Machine, source: Key, number: Any, node: cst.CSTNode) -> None:
    if isinstance(number, (int, float)):
        m.streams[source] = [number, 0]
        m.sown[source] = node
    else:
        m.streams.pop(source, None)


def _drawn(m: Machine, kind: str, source: Key, before: Key = None) -> Key:
    """The identity of the next draw: where the generator has just been seeded, that of the same draw back then.

    What puts an array into another order goes on from the order `before`, so that the same draw gives another one.
    """
    stream = m.streams.get("numpy.random" if source == "sklearn.utils" else source)
    if stream is None or before is not None:
        m.made += 1
        return (kind, m.made, source)
    stream[1] += 1
    return ("seeded", tuple(stream), source)


def shuffled(m: Machine, name: str, given: list[Any], keywords: dict[str, Any], source: Key) -> Any:
    """A permutation: of so many indices, of an array of indices, or of arrays of samples.

    Args:
        m: the machine.
        name: "shuffle" for one that changes its argument.
        given: what is permuted, all in the same order.
        keywords: further arguments.
        source: what draws it.
    """
    m.seeded = m.seeded or not {"random_state", "seed"}.isdisjoint(keywords)
    kind = "reordered" if len(given) == 1 and _are_samples(m, given[0]) else "shuffled"
    key = _drawn(m, kind, source, _order(m, given[0]))
    if name == "shuffle":
        _reorder(m, given[0], key)
        return None
    counts = source not in OF_ARRAYS
    made = tuple(_permuted(m, one, key, counts=counts) for one in given)
    return made[0] if len(made) == 1 else made


def _order(m: Machine, held: Any) -> Key:
    """The order that something is in already."""
    if isinstance(held, (Value, Drawn)) and type(m.number(held)) is not int:
        held = m.array(held)
    return held.space if isinstance(held, Array) else None


def _are_samples(m: Machine, held: Any) -> bool:
    """Whether samples themselves are permuted, and no indices."""
    if isinstance(held, Array):
        return not held.root.indices
    return isinstance(held, Drawn) or (isinstance(held, Value) and type(m.number(held)) is not int)


def _permuted(m: Machine, held: Any, key: Key, *, counts: bool) -> Any:
    """What is permuted, in its new order; a number stands for so many indices where it `counts`."""
    if isinstance(held, range):
        return permuted(len(held), key)
    if isinstance(held, Array):
        return Array(held.root, held.positions, key, None, held.node, held.moment)
    number = m.number(held) if counts else None
    if type(number) is int:
        return permuted(number, key, held)
    array = m.array(held)
    return Array(array.root, array.positions, key) if array is not None else RANDOM


def _reorder(m: Machine, held: Any, key: Key) -> None:
    """Shuffle in place."""
    if isinstance(held, list):
        held[:] = [RANDOM] * len(held)
    elif isinstance(held, Array):
        held.space = key
    elif isinstance(held, (Value, Drawn)) and (array := m.array(held)) is not None:
        array.root.space = key


def indices(
    m: Machine, name: str, given: Sequence[Any], keywords: dict[str, Any], source: Key, node: cst.CSTNode
) -> Any:
    """`choice(n, size)`, `randint(0, n, size)`: of a generator that the loops have seeded, indices that come again."""
    if source not in m.streams or name not in _SIZES:
        return RANDOM
    at = _SIZES[name]
    asked = keywords.get("size", keywords.get("k", given[at] if len(given) > at else None))
    size = m.number(asked) if asked is not None else None
    if type(size) is not int or size < 1:
        return RANDOM
    key = _drawn(m, "drawn", source)
    if name in {"choice", "sample"} and given and _population(m, given[0]) == size:
        return permuted(size, key)
    return m.cut(Array(Root(key, size, indices=True), range(size), key, None, node))


def _population(m: Machine, held: Any) -> int | None:
    """How many there are to choose from."""
    number = len(held) if isinstance(held, (Array, range, list)) else m.number(held)
    return None if isinstance(number, Unknown) else int(number)
