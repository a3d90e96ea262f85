"""`if`, conditional expressions, `match`, early exits: decided, open, and tests that go together."""

from tests.analysis.programs import check, see, table

DECIDED = {
    "true": """
        if 1 < 2:
            n = 1
        else:
            n = 2
        show(n)  #> 1
    """,
    "false": """
        n = 1
        if []:
            n = 2
        show(n)  #> 1
    """,
    "elif": """
        size = 50
        if size < 10: n = 1
        elif size < 100: n = 2
        else: n = 3
        show(n)  #> 2
    """,
    "the other side is not executed": """
        if False:
            show(1)
        show(2)  #> 2
    """,
    "conditional expression": "show(1 if True else 2, 1 if 0 else 2)  #> 1, 2",
    "main guard": """
        if __name__ == "__main__":
            show(__name__)  #> '__main__'
        else:
            show(1)
    """,
    "isinstance": """
        class A: pass
        class B(A): pass
        def f(data):
            if isinstance(data, tf.data.Dataset): return 1
            if isinstance(data, (list, tuple, int)): return 2
            if isinstance(data, A): return 3
            return 4
        show(f(tf.data.Dataset.range(1)), f([1]), f((1, 2)), f(7), f(B()), f("x"))  #> 1, 2, 2, 2, 3, 4
        show(f(x))  #> 1 | 2 | 3 | 4
    """,
    "truth of objects": """
        def f(): pass
        class A: pass
        ds = tf.data.Dataset.range(1)
        show(1 if f else 2, 1 if A else 2, 1 if A() else 2, 1 if ds is not None else 2)  #> 1, 1, 1, 1
    """,
    "truth of an empty list that unknown code got": """
        a = []
        mystery(a)
        show(1 if a else 2)  #> 1 | 2
    """,
    "assert decides": """
        def f(n):
            assert n is not None
            show(1 if n is None else 2)  #> 2
    """,
}

OPEN = {
    "both sides": """
        if x: n = 1
        else: n = 2
        show(n)  #> 1 | 2
    """,
    "one side": """
        n = 1
        if x: n = 2
        show(n)  #> 2 | 1
    """,
    "the same on both sides": """
        if x: n = 1
        else: n = 1
        show(n)  #> 1
    """,
    "bound on one side only": """
        if x: n = 1
        show(n)  #> 1
    """,
    "three ways": """
        if x: n = 1
        elif y: n = 2
        else: n = 3
        show(n, n * 2)  #> 1 | 2 | 3, 2 | 4 | 6
    """,
    "more than four alternatives are unknown": """
        if a: n = 1
        elif b: n = 2
        elif c: n = 3
        elif d: n = 4
        else: n = 5
        show(n)  #> ?
    """,
    "conditional expression": "show(1 if x else 2)  #> 1 | 2",
    "or gives one of them": "show(x or 32, x or None, x or [])  #> ?x | 32, ?x | None, ?x | []",
    "a dataset with an optional step": """
        ds = tf.data.Dataset.range(8)
        if x:
            ds = ds.shuffle(8)
        ds = ds.batch(2)
        show(ds)  #> range(8) > shuffle(8) > batch(2) | range(8) > batch(2)
    """,
    "attributes and contents": """
        class A: pass
        a, d, e = A(), {}, []
        if x:
            a.n, d['n'] = 1, 1
            e.append(1)
        else:
            a.n, d['n'] = 2, 2
        show(a.n, d['n'])  #> 1 | 2, 1 | 2
    """,
    "a callee that is a choice": """
        def f(): return 1
        def g(): return 2
        h = f if x else g
        show(h())  #> 1 | 2
    """,
    "what a callee that is a choice changes": """
        d = {'n': 0}
        def f(): d['n'] = 1
        def g(): d['n'] = 2
        (f if x else g)()
        show(d['n'])  #> 1 | 2
    """,
    "a list that is a choice": """
        a, b = [], []
        (a if x else b).append(1)
        show(a, b)  #> […], […]
    """,
    "a class that is a choice": """
        class A: n = 1
        class B: n = 2
        a = (A if x else B)()
        show(a.n)  #> 1 | 2
    """,
    "an exit on one side": """
        import sys
        n = 1
        if x:
            n = 2
            sys.exit(1)
        show(n)  #> 1
    """,
    "a raise on one side": """
        n = 1
        if x:
            n = 2
            raise ValueError
        show(n)  #> 1
    """,
    "pass": """
        n = 1
        if x: pass
        else: n = 2
        show(n)  #> 1 | 2
    """,
}

TOGETHER = {
    "the same test again": """
        def f(a):
            if a: n, m = 1, 10
            else: n, m = 2, 20
            if a: show(n, m)  #> 1, 10
            else: show(n, m)  #> 2, 20
            show(n + m)  #> 11 | 22
    """,
    "negated": """
        def f(a):
            n = 1
            if not a: n = 2
            if a: show(n)  #> 1
            if not a: show(n)  #> 2
    """,
    "absl flags and argparse options decide": """
        from absl import flags
        flags.DEFINE_bool("fast", False, "")
        if flags.FLAGS.fast: n = 1
        else: n = 2
        show(n)  #> 2
    """,
    "comparison with a literal": """
        def f(mode):
            if mode == "train": n = 1
            elif mode == "test": n = 2
            else: n = 3
            if mode == "test": show(n)  #> 2
            if mode != "test": show(n)  #> 1 | 3
    """,
    "the literal comes first": """
        def f(mode):
            n = 1 if "train" == mode else 2
            if mode == "train": show(n)  #> 1
            if "test" == mode: show(n)  #> 2
    """,
    "a type": """
        def f(data):
            n = 1 if isinstance(data, tf.data.Dataset) else 2
            if isinstance(data, tf.data.Dataset): show(n)  #> 1
            else: show(n)  #> 2
    """,
    "a test of an earlier round": """
        n = 0
        for i in x:
            if f(i):
                show(n)  #> 0 ; 0 | 1 | 2
                n = [1][0]
            else:
                n = [2][0]
    """,
    "exclusive tests in a row": """
        def f(mode):
            n = 0
            if mode == "train": n = 1
            if mode == "test": n = n + 10
            show(n)  #> 10 | 1 | 0
    """,
    "is None": """
        def f(a):
            n = 1 if a is None else 2
            if a is None: show(n)  #> 1
            if a is not None: show(n)  #> 2
    """,
    "membership": """
        def f(mode):
            if mode in ("train", "fit"): n = 1
            else: n = 2
            if mode in ("train", "fit"): show(n)  #> 1
    """,
    "comparison of numbers": """
        def f(k):
            n = 1 if k > 3 else 2
            if k <= 3: show(n)  #> 2
    """,
    "and": """
        def f(a, b):
            if a and b: n = 1
            else: n = 2
            if a and b: show(n)  #> 1
            if not a: show(n)  #> 2
    """,
    "or": """
        def f(a, b):
            if a or b: n = 1
            else: n = 2
            if a or b: show(n)  #> 1
            if a: show(n)  #> 1
    """,
    "an attribute": """
        def f(args):
            n = 1 if args.big else 2
            if args.big: show(n)  #> 1
            else: show(n)  #> 2
    """,
    "a call has no identity": """
        def f(g):
            n = 1 if g() else 2
            if g(): show(n)  #> 1 | 2
    """,
    "a rebound variable is another test": """
        def f(a, b):
            n = 1 if a else 2
            a = b
            if a: show(n)  #> 1 | 2
    """,
    "a flag that was set with it": """
        def f(a):
            n, big = 1, False
            if a: n, big = 2, True
            if big: show(n)  #> 2
            else: show(n)  #> 1
    """,
    "nested": """
        def f(a, b):
            n = 0
            if a:
                if b: n = 1
                else: n = 2
            if a: show(n)  #> 1 | 2
            if a and not b: show(n)  #> 2
            if b: show(n)  #> 1 | 0
    """,
    "through a function": """
        def size(big):
            if big: return 2
            return 1
        def f(big):
            n = size(big)
            if big: show(n)  #> 2
    """,
    "type of the batch": """
        def f(drop):
            ds = tf.data.Dataset.range(8)
            if drop: ds = ds.batch(2, drop_remainder=True)
            else: ds = ds.batch(2)
            if drop: show(ds)  #> range(8) > batch(2, drop_remainder=True)
    """,
}

EXITS = {
    "early return": """
        def f(a):
            if a: return 1
            show(2)  #> 2
            return 2
        show(f(x), f(True), f(False))  #> 1 | 2, 1, 2
    """,
    "what is known after an early return": """
        def f(a):
            n = 1 if a else 2
            if a: return
            show(n)  #> 2
    """,
    "early return decides": """
        def f(a):
            if True: return 1
            show(3)
        show(f(1))  #> 1
    """,
    "raise": """
        def f(mode):
            if mode == "a": n = 1
            elif mode == "b": n = 2
            else: raise ValueError(mode)
            return n
        show(f(x))  #> 1 | 2
    """,
    "changes before a return are kept": """
        state = {'n': 0}
        def f(a):
            if a:
                state['n'] = 1
                return
            state['n'] = 2
        f(x)
        show(state['n'])  #> 1 | 2
    """,
    "return in both": """
        def f(a):
            if a: return 1
            else: return 2
            show(3)
        show(f(x))  #> 1 | 2
    """,
    "nothing is returned": """
        def f(a): pass
        show(f(1))  #> None
    """,
    "returned on one side only": """
        def f(a):
            if a: return 5
        show(f(x))  #> 5 | None
    """,
    "a function that never returns": """
        import sys
        def die(): sys.exit(2)
        def f(a):
            n = 1
            if a:
                n = 2
                die()
            show(n)  #> 1
    """,
    "after an exit nothing is executed": """
        import sys
        show(1)  #> 1
        sys.exit()
        show(2)
    """,
    "after a raise nothing is executed": """
        def f():
            raise ValueError
            show(2)
        show(1)  #> 1
    """,
}

MATCH = {
    "literal": """
        match "test":
            case "train": n = 1
            case "test": n = 2
            case _: n = 3
        show(n)  #> 2
    """,
    "open": """
        def f(mode):
            match mode:
                case "train": n = 1
                case "test": n = 2
                case _: n = 3
            show(n)  #> 1 | 2 | 3
            if mode == "test": show(n)  #> 2
    """,
    "no case need fit": """
        def f(mode):
            n = 0
            match mode:
                case "train": n = 1
            show(n)  #> 1 | 0
    """,
    "alternatives": """
        match 3:
            case 1 | 2: n = 1
            case 3 | 4: n = 2
        show(n)  #> 2
    """,
    "singletons": """
        match None:
            case True: n = 1
            case None: n = 2
        show(n)  #> 2
    """,
    "capture": """
        match 32:
            case n: show(n)  #> 32
    """,
    "as": """
        match 32:
            case 16 | 32 as n: show(n)  #> 32
    """,
    "sequence": """
        match (1, 2):
            case (a, b): show(a, b)  #> 1, 2
    """,
    "sequence with a star": """
        match [1, 2, 3]:
            case [a, *rest]: show(a, rest)  #> 1, ?
    """,
    "mapping": """
        match {'n': 1}:
            case {'n': n}: show(n)  #> 1
    """,
    "class": """
        class A:
            n = 1
        match A():
            case A(n=m): show(m)  #> 1
    """,
    "guard": """
        def f(a):
            match 3:
                case n if a: show(n)  #> 3
                case _: show(0)  #> 0
    """,
    "guard that is false": """
        match 3:
            case n if n > 5: show(1)
            case n: show(n)  #> 3
    """,
    "dotted name": """
        class Mode:
            TRAIN = "train"
        match "train":
            case Mode.TRAIN: show(1)  #> 1
            case _: show(2)
    """,
}


@table(DECIDED, OPEN, TOGETHER, EXITS, MATCH)
def test_branches(program: str) -> None:
    check(program)


def test_optional_steps_up_to_sixteen_pipelines() -> None:
    steps = "".join(f"if a{i}: ds = ds.map(f{i})\n" for i in range(4))
    seen = see(f"ds = tf.data.Dataset.range(8)\n{steps}model.fit(ds.batch(2), steps_per_epoch=1)\n")
    assert len(seen.pipelines()) == 16


def test_more_optional_steps_are_unknown() -> None:
    steps = "".join(f"if a{i}: ds = ds.map(f{i})\n" for i in range(5))
    seen = see(f"ds = tf.data.Dataset.range(8)\n{steps}show(ds)\n")
    assert list(seen.rows().values()) == ["?"]
