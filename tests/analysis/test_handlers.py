"""`try`, `raise` and `with`."""

from tests.analysis.programs import PRELUDE, check, table

FLOW = {
    "the body runs through": """
        n = 0
        try: n = 1
        except ValueError: n = 2
        show(n)  #> 1 | 2
    """,
    "a handler that leaves": """
        def f():
            try: n = 1
            except ValueError: return
            show(n)  #> 1
    """,
    "a handler that raises": """
        try: n = 1
        except ValueError:
            n = 2
            raise
        show(n)  #> 1
    """,
    "a handler that exits": """
        import sys
        try: n = 1
        except ValueError: sys.exit(1)
        show(n)  #> 1
    """,
    "what the body wrote may be there in the handler": """
        n = 0
        try:
            n = 1
            f()
        except ValueError:
            show(n)  #> 1 | 0
    """,
    "pass": """
        n = 0
        try: n = 1
        except ValueError: pass
        show(n)  #> 1 | 0
    """,
    "else": """
        n = 0
        try: f()
        except ValueError: n = 1
        else: n = 2
        show(n)  #> 2 | 1
    """,
    "finally": """
        n = 0
        try: n = 1
        finally: m = 5
        show(n, m)  #> 1, 5
    """,
    "finally wins": """
        try: n = 1
        except ValueError: n = 2
        finally: n = 3
        show(n)  #> 3
    """,
    "return in finally": """
        def f():
            try: return 1
            finally: return 2
        show(f())  #> 2
    """,
    "finally runs after a return": """
        state = {}
        def f():
            try: return 1
            finally: state['n'] = 2
        show(f(), state)  #> 1, {'n': 2}
    """,
    "return in the body": """
        def f():
            try: return 1
            except ValueError: return 2
        show(f())  #> 1 | 2
    """,
    "a body that always raises": """
        try:
            n = 1
            raise ValueError
        except ValueError: n = 2
        show(n)  #> 2
    """,
    "several handlers": """
        try: n = 1
        except ValueError: n = 2
        except (KeyError, OSError) as error: n = 3
        except UnicodeError: n = 4
        show(n)  #> 1 | 2 | 3 | 4
    """,
    "nested": """
        try:
            try: n = 1
            except KeyError: n = 2
        except ValueError: n = 3
        show(n)  #> 1 | 2 | 3
    """,
    "the exception": """
        try: f()
        except ValueError as error: show(error)  #> ?error
    """,
    "the exception's name is gone afterwards": """
        error = 1
        try: f()
        except ValueError as error: pass
        show(error)  #> 1
    """,
    "exception groups": """
        try: n = 1
        except* ValueError: n = 2
        show(n)  #> 1 | 2
    """,
    "missing library": """
        try: import tensorflow_addons as tfa
        except ImportError: tfa = None
        show(tfa)  #> tensorflow_addons
    """,
    "other errors of an import": """
        try: import tensorflow_addons as tfa
        except OSError: tfa = None
        show(tfa)  #> tensorflow_addons | None
    """,
    "break and continue": """
        for i in x:
            try:
                n = 1
                break
            except ValueError:
                n = 2
                continue
        show(n)  #> 1 | 2
    """,
    "a dataset built in a try": """
        try:
            ds = tf.data.Dataset.range(1)
            ds = ds.batch(2)
        except ValueError:
            ds = tf.data.Dataset.range(2)
        show(ds)  #> range(1) > batch(2) | range(2)
    """,
    "assert False": """
        def f(a):
            if a: n = 1
            else: assert False
            show(n)  #> 1
    """,
}

CAUGHT = {
    "out of memory": """
        try:
            model.fit(data)  #> fit(range(8))
        except tf.errors.ResourceExhaustedError:  #> catches 1 run, falls-through
            print("oom")
    """,
    "imported by name": """
        from tensorflow.errors import ResourceExhaustedError
        try:
            model.fit(data)  #> fit(range(8))
        except ResourceExhaustedError as error:  #> catches 1 run, raise
            raise RuntimeError from error
    """,
    "in a tuple": """
        ERRORS = (ValueError, tf.errors.ResourceExhaustedError)
        try:
            model.fit(data)  #> fit(range(8))
        except ERRORS:  #> catches 1 run, falls-through
            pass
    """,
    "everything": """
        try:
            model.fit(data)  #> fit(range(8))
        except:  #> catches 1 run, exit, broad, used after
            exit(1)
        try:
            model.fit(data)  #> fit(range(8))
        except Exception:  #> catches 1 run, falls-through, broad
            pass
    """,
    "another error": """
        try:
            model.fit(data)  #> fit(range(8))
        except ValueError:
            pass
    """,
    "a run in a function": """
        def train():
            model.fit(data)  #> fit(range(8))
        try:
            train()
        except tf.errors.ResourceExhaustedError:  #> catches 1 run, falls-through
            pass
    """,
    "a retry in the handler": """
        def train(n):
            model.fit(data.batch(n))  #> fit(range(8) > batch(4)) ; fit(range(8) > batch(2))
        try:
            train(4)
        except tf.errors.ResourceExhaustedError:  #> catches 1 run, retries 1, falls-through
            train(2)
    """,
    "the function calls itself": """
        def train(n):
            try:
                model.fit(data.batch(n))  #> fit(range(8) > batch(8))
            except tf.errors.ResourceExhaustedError:  #> catches 1 run, retries 1, return
                return train(n // 2)
        train(8)
    """,
    "a sibling catches it first": """
        try:
            model.fit(data)  #> fit(range(8))
        except tf.errors.ResourceExhaustedError:  #> catches 1 run, raise
            raise
        except Exception:  #> catches 1 run, falls-through, broad, sibling
            pass
    """,
    "a loop that goes on": """
        for n in x:
            try:
                model.fit(data.batch(n))  #> fit(range(8) > batch(?n)) in for
            except tf.errors.ResourceExhaustedError:  #> catches 1 run, continue, in a loop
                continue
    """,
    "a flag is kept": """
        ok = True
        try:
            model.fit(data)  #> fit(range(8))
        except tf.errors.ResourceExhaustedError:  #> catches 1 run, falls-through, records
            ok = False
    """,
    "the model is used after": """
        try:
            model.fit(data)  #> fit(range(8))
        except tf.errors.ResourceExhaustedError:  #> catches 1 run, falls-through, used after
            print("oom")
        model.save("m")
    """,
    "nothing runs in the body": """
        try: data = load()
        except Exception: pass  #> catches 0 runs, falls-through, broad
    """,
}

CONTEXTS = {
    "strategy scope": """
        strategy = tf.distribute.MirroredStrategy()
        with strategy.scope():
            model = keras.Sequential([keras.layers.Dense(1)])
        model.fit(x, batch_size=4)  #> fit(?x, batch_size=4) of keras.Sequential() under MirroredStrategy()
    """,
    "fit in the scope": """
        strategy = tf.distribute.MirroredStrategy()
        with strategy.scope():
            model = build()
            model.fit(x, steps_per_epoch=4)  #> fit(?x) under MirroredStrategy()
        model.fit(x, steps_per_epoch=5)  #> fit(?x)
    """,
    "several managers": """
        strategy = tf.distribute.OneDeviceStrategy("cpu:0")
        with open("log") as log, strategy.scope() as s:
            model.fit(x, batch_size=4, steps_per_epoch=1)  #> fit(?x, batch_size=4) under OneDeviceStrategy()
    """,
    "a unknown strategy": """
        def f(strategy):
            with strategy.scope():
                model.fit(x, steps_per_epoch=4)  #> fit(?x) under ?strategy
    """,
    "the scope ends with an exit": """
        strategy = tf.distribute.MirroredStrategy()
        def build():
            with strategy.scope():
                return keras.Sequential([keras.layers.Dense(1)])
        build()
        model = keras.Sequential([keras.layers.Dense(1)])
        model.fit(x)  #> fit(?x) of keras.Sequential()
    """,
    "variables stay": """
        with open("x") as f:
            n = 1
        show(n)  #> 1
    """,
    "a strategy chosen by a test": """
        if gpus: strategy = tf.distribute.MirroredStrategy()
        else: strategy = tf.distribute.get_strategy()
        with strategy.scope():
            ds = tf.data.Dataset.range(1)
        show(ds)  #> range(1)
    """,
    "a contextmanager function": """
        import contextlib
        @contextlib.contextmanager
        def opened(n):
            yield n
        with opened(32) as n:
            show(n)  #> 32
    """,
    "a contextmanager function that opens a strategy": """
        from contextlib import contextmanager
        strategy = tf.distribute.MirroredStrategy()
        @contextmanager
        def scoped():
            with strategy.scope():
                yield
        with scoped():
            show(1)  #> 1
    """,
    "a class with __enter__": """
        class Timer:
            def __enter__(self):
                self.n = 1
                return self
            def __exit__(self, *args): pass
        with Timer() as timer:
            show(timer.n)  #> 1
    """,
    "unpacked": """
        class Pair:
            def __enter__(self): return 1, 2
            def __exit__(self, *args): pass
        with Pair() as (a, b):
            show(a, b)  #> 1, 2
    """,
    "a gradient tape": """
        with tf.GradientTape() as tape:
            loss = f(x)
        show(tape)  #> tf.GradientTape()
    """,
    "errors that are expected": """
        import pytest
        with pytest.raises(ValueError):
            model.fit(tf.data.Dataset.range(1), batch_size=4)
        model.fit(tf.data.Dataset.range(1), batch_size=5)  #> fit(range(1), batch_size=5)
    """,
    "errors that a test case expects": """
        import unittest
        class T(unittest.TestCase):
            def test(self):
                with self.assertRaises(ValueError):
                    model.fit(tf.data.Dataset.range(1), batch_size=4)
                model.fit(tf.data.Dataset.range(1), batch_size=5)  #> fit(range(1), batch_size=5)
    """,
    "errors that are suppressed": """
        import contextlib
        n = 0
        with contextlib.suppress(ValueError):
            n = 1
            raise ValueError
        show(n)  #> 1
    """,
    "a return in a with": """
        def f():
            with open("x"): return 1
        show(f())  #> 1
    """,
    "async with": """
        async def f():
            async with x as y: show(y)  #> ?y
    """,
}


@table(FLOW, CONTEXTS)
def test_flow(program: str) -> None:
    check(program)


@table(CAUGHT)
def test_out_of_memory(program: str) -> None:
    check(program, prelude=f"{PRELUDE.strip()}; from nowhere import model; data = tf.data.Dataset.range(8)\n")
