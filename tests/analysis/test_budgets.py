"""Programs that would take for ever: the analysis ends soon, always at the same place, and never with an exception."""

import time

import pytest

from bslint.analysis.interpreter import CALL_BUDGET, PROGRAM_BUDGET
from tests.analysis.programs import see

# The slowest takes a fraction of this; without budgets none would end.
SECONDS = 15


def _indent(levels: int, lines: str) -> str:
    return "".join(f"{'    ' * levels}{line}\n" for line in lines.splitlines())


def _nest(head: str, levels: int, body: str) -> str:
    return "".join(_indent(level, head.format(level)) for level in range(levels)) + _indent(levels, body)


def _chain(count: int, definition: str) -> str:
    return "".join(definition.format(number, number - 1) for number in range(1, count))


PROGRAMS = {
    "calls that double": "def f0(): return 1\n" + _chain(40, "def f{0}(): return f{1}() + f{1}()\n") + "show(f39())\n",
    "lambdas that double": "f0 = lambda: 1\n"
    + _chain(40, "f{0} = lambda: (f{1}(), f{1}(), f{1}())\n")
    + "show(f39())\n",
    "calls in loops": "def f0(): pass\n"
    + _chain(20, "def f{0}():\n    for i in [1, 2, 3, 4, 5]: f{1}()\n")
    + "f19()\n",
    "methods that call each other": "class C:\n"
    + "".join(
        f"    def m{i}(self, k=0):\n" + "".join(f"        self.m{j}(k + {j})\n" for j in range(9)) for i in range(9)
    ),
    "unrolled loops": _nest("for i{} in [1, 2, 3, 4, 5, 6, 7, 8]:", 12, "x = 1"),
    "unrolled comprehensions": f"x = [1 {' '.join(f'for i{n} in [1, 2, 3, 4, 5, 6, 7, 8]' for n in range(12))}]\n",
    "repeated loops": "n = 0\n" + _nest("for i{} in range(100):", 18, "n = n + 1"),
    "while loops": "n = 0\n" + _nest("while n < {}:", 18, "n += 1"),
    "branches": "n = 0\n" + "".join(f"if a{i}: n, m = n + {i}, [n]\nelse: m = n\n" for i in range(400)),
    "nested branches": "n = 0\n" + _nest("if a{}:", 60, "n = 1"),
    "optional steps": "ds = tf.data.Dataset.range(8)\n" + "".join(f"if a{i}: ds = ds.map(f{i})\n" for i in range(60)),
    "optional pairs": "a = b = c = 0\n"
    + "".join(f"if x{i}: a, b, c = b, c, {i}\n" for i in range(60))
    + "show(a * b * c)\n",
    "conditional expressions": "x = " + " + ".join(f"({i} if a{i} else -{i})" for i in range(90)) + "\nshow(x)\n",
    "numbers that grow": "n = 3\n" + "n = n * n\n" * 60 + "show(n)\n",
    "powers": "n = 9 ** 9 ** 9 ** 9\nm = 1 << 10 ** 12\nk = -n\nshow(str(k))\n",
    "strings that grow": "s = 'abc'\n" + "s = s + s\n" * 60 + "t = 'x' * 10 ** 12\nshow(len(t))\n",
    "lists that grow": "s = [1, 2]\n" + "s = s + s\n" * 60 + "s += s\ns.extend(s)\nt = [0] * 10 ** 12\n",
    "tuples in tuples": "x = q\n" + "x = (x, x)\n" * 60 + "y = {x: 1}\nif x == (x, x): z = x\n",
    "items of items": "x = q\n" + "x = x[x]\n" * 60 + "if x: y = 1\nif not x: y = 2\n",
    "sums of sums": "x = q\n" + "x = x + x\n" * 60 + "show(x.y, len(x))\nif x > 1: y = 1\n",
    "attributes of attributes": "x = q\n" + "x = x.a.b.c\n" * 200 + "if x: y = 1\n",
    "residual blocks": "x = keras.Input((8,))\n"
    + "y = keras.layers.Dense(8)(x)\nx = keras.layers.Add()([x, y])\n" * 60
    + "model = keras.Model(x, x)\nmodel.fit(a)\n",
    "residual blocks in a loop": "x = keras.Input((8,))\nfor i in range(9):\n"
    + "    y = keras.layers.Dense(8)(x)\n    x = keras.layers.Concatenate()([x, y])\n" * 60
    + "model = keras.Model(x, x)\nmodel.fit(a)\n",
    "a long program": "".join(f"x{i} = x{i - 1} + 1\nprint(x{i})\n" for i in range(1, 3_000)),
    "a long display": f"x = [{', '.join(map(str, range(15_000)))}]\nshow(len(x))\n",
    "a long dict": f"x = {{{', '.join(f'{i}: {i}' for i in range(5_000))}}}\nshow(x[3])\n",
    "many functions": "".join(f"def f{i}(x=1):\n    return x + {i}\n" for i in range(1_500)),
    "many classes": "".join(f"class C{i}(C{i - 1}):\n    def m(self): return super().m()\n" for i in range(1, 200)),
    "an endless range": "for i in range(10 ** 12): x = i\nfor j in list(range(10 ** 12)): y = j\n",
    "an endless generator": "def g():\n    while True: yield 1\nfor i in g(): x = i\nx = list(g())\n",
    "functions that make functions": "def f(k):\n    def g(n): return f(n)\n    return g\n"
    + "show("
    + "f"
    + "(1)" * 60
    + ")\n",
    "self-reference": "x = []\nx.append(x)\nx += x\nd = {}\nd['d'] = d\nshow(len(x), d['d']['d'])\nmystery(x, d)\n",
    "its own class": "class A(A): pass\nclass B: pass\nB.__class__ = B\nB.x = B\nshow(B.x.x.x)\n",
    "deep expressions": f"x = {'(' * 90}1{')' * 90}\ny = {'-' * 90}x\nz = {'[' * 90}{']' * 90}\nw = {'+'.join('x' * 90)}\n",
    "deep calls": f"def f(x): return {'f(' * 90}x{')' * 90}\nshow(f(f(f(1))))\n",
    "a deep chain": f"ds = tf.data.Dataset.range(8){'.map(f)' * 90}\nshow(1)\n",
    "deep lambdas": f"f = {'lambda: ' * 45}1\nshow(f{'()' * 45})\n",
    "deep blocks": _nest("with a{}:", 18, "try:\n    x = 1\nfinally:\n    y = 2"),
    "a long elif": "if a: x = 0\n" + "".join(f"elif b{i}: x = {i}\n" for i in range(90)),
    "deep expressions in deep calls": "".join(
        f"def f{i}(x): return {'(' * 30}f{i + 1}({'(' * 30}x{')' * 30}){')' * 30}\n" for i in range(8)
    )
    + "show(f0(1))\n",
}


@pytest.mark.parametrize("program", [pytest.param(text, id=name) for name, text in PROGRAMS.items()])
def test_ends(program: str) -> None:
    compile(program, "program", "exec")
    start = time.process_time()
    first = see(program)
    assert time.process_time() - start < SECONDS
    again = see(program)
    assert first.rows() == again.rows()
    assert first.pipelines() == again.pipelines()
    assert first.facts.exhausted == again.facts.exhausted


def test_says_when_the_budget_is_used_up() -> None:
    assert see(PROGRAMS["unrolled loops"]).facts.exhausted
    assert not see("x = 1\n").facts.exhausted


def test_a_program_may_be_as_long_as_its_budget() -> None:
    row = "show(f())\n"
    seen = see("def f(): return 1\n" + row * (PROGRAM_BUDGET // 10))
    assert set(seen.rows().values()) == {"1"}


def test_one_costly_function_leaves_the_rest_known() -> None:
    costly = "".join(f"    x = {number}\n" for number in range(CALL_BUDGET))
    seen = see(f"def f():\n{costly}    return g()\ndef g(): return 1\nshow(f(), g())\n")
    assert list(seen.rows().values()) == ["?g(…), 1"]
