"""Loops and comprehensions: unrolled over short known sequences, run twice for values otherwise."""

from tests.analysis.programs import check, see, table

UNROLLED = {
    "list": """
        n = 0
        for i in [1, 2, 3]: n += i
        show(n, i)  #> 6, 3
    """,
    "each element in turn": """
        for f in ("a", "b"):
            show(f)  #> 'a' ; 'b'
    """,
    "transformations": """
        ds = tf.data.Dataset.range(8)
        for f in [int, float]:
            ds = ds.map(f)
        show(ds)  #> range(8) > map(int) > map(float)
    """,
    "unknown elements": """
        ds = tf.data.Dataset.range(8)
        for f in [g, h]: ds = ds.map(f)
        show(ds)  #> range(8) > map(?g) > map(?h)
    """,
    "dict": """
        for k in {'a': 1, 'b': 2}: show(k)  #> 'a' ; 'b'
    """,
    "items": """
        for k, v in {'a': 1, 'b': 2}.items(): show(k, v)  #> 'a', 1 ; 'b', 2
    """,
    "enumerate": """
        for i, f in enumerate(["a", "b"]): show(i, f)  #> 0, 'a' ; 1, 'b'
    """,
    "enumerate from": """
        for i, f in enumerate(["a", "b"], start=1): show(i, f)  #> 1, 'a' ; 2, 'b'
    """,
    "zip": """
        for a, b in zip([1, 2], "xy"): show(a, b)  #> 1, 'x' ; 2, 'y'
    """,
    "reversed": """
        for a in reversed([1, 2]): show(a)  #> 2 ; 1
    """,
    "sorted": """
        for a in sorted([2, 1]): show(a)  #> 1 ; 2
    """,
    "short range": """
        ds = tf.data.Dataset.range(8)
        for i in range(2): ds = ds.map(int)
        show(ds)  #> range(8) > map(int) | range(8) > map(int) > map(int)
    """,
    "nested": """
        n = 0
        for i in [1, 2]:
            for j in [10, 20]:
                n += i * j
        show(n)  #> 90
    """,
    "nothing": """
        n = 1
        for i in []: n = 2
        show(n)  #> 1
    """,
    "break": """
        for i in [1, 2, 3]:
            if i == 2: break
        show(i)  #> 2
    """,
    "continue": """
        n = 0
        for i in [1, 2, 3]:
            if i == 2: continue
            n += i
        show(n)  #> 4
    """,
    "break that may happen": """
        for i in [1, 2, 3]:
            if x: break
        show(i)  #> 1 | 2 | 3
    """,
    "else after a full run": """
        for i in [1, 2]: pass
        else: show(1)  #> 1
    """,
    "no else after a break": """
        for i in [1, 2]:
            break
        else: show(1)
        show(2)  #> 2
    """,
    "else after a break that may happen": """
        n = 0
        for i in [1, 2]:
            if x:
                n = 1
                break
        else:
            n = 2
        show(n)  #> 1 | 2
    """,
    "return": """
        def f():
            for i in [1, 2, 3]:
                if i == 2: return i
        show(f())  #> 2
    """,
    "return that may happen": """
        def f():
            for i in [1, 2]:
                if x(i): return i
            return 0
        show(f())  #> 1 | 2 | 0
    """,
    "attribute of self": """
        class A:
            def __init__(self):
                self.ds = tf.data.Dataset.range(8)
                for f in [int, float]:
                    self.ds = self.ds.map(f)
        show(A().ds)  #> range(8) > map(int) > map(float)
    """,
    "the list is changed in the body": """
        a = [1, 2]
        for i in a:
            a = a + [i]
        show(a)  #> [1, 2, 1, 2]
    """,
}

REPEATED = {
    "it is taken to happen": """
        n = 1
        for i in x: n = 2
        show(n)  #> 2
    """,
    "a counter": """
        n = 0
        for i in x:
            n += 1
        show(n)  #> ?n + 1
    """,
    "what does not change stays": """
        n = 32
        for i in x:
            m = n
        show(n, m)  #> 32, 32
    """,
    "what changes is unknown in the body": """
        n = 1
        for i in x:
            show(n)  #> 1 ; ?n
            n = n * 2
    """,
    "a long range": """
        for i in range(100): show(i)  #> ?i
    """,
    "a long list": """
        for i in [1, 2, 3, 4, 5, 6, 7, 8, 9]: m = i
        show(m)  #> ?i
    """,
    "a rebound dataset": """
        ds = tf.data.Dataset.range(8)
        for i in range(100):
            ds = ds.map(int)
        show(ds)  #> range(8) > map(int) | range(8) > map(int) > map(int)
    """,
    "break": """
        n = 0
        for i in x:
            n = 1
            break
        show(n)  #> 1
    """,
    "continue": """
        for i in x:
            if i: continue
            show(1)  #> 1
    """,
    "while": """
        n = 0
        while n < x: n += 1
        show(n)  #> ?n + 1
    """,
    "while True with a break": """
        n = 0
        while True:
            n = 5
            if x: break
        show(n)  #> 5
    """,
    "while False": """
        n = 0
        while False: n = 1
        show(n)  #> 0
    """,
    "while with else": """
        while x: n = 1
        else: n = 2
        show(n)  #> 2
    """,
    "after an endless loop nothing is executed": """
        show(1)  #> 1
        while True: n = 1
        show(n)
    """,
    "walrus in the test": """
        while (n := x()) > 0: show(n)  #> ?x(…)
    """,
    "a list built in a loop": """
        a = []
        for i in x: a.append(1)
        show(a)  #> [1, …]
    """,
    "a list built in a short loop": """
        a = []
        for i in [1, 2]: a.append(i)
        show(a)  #> [1, 2]
    """,
    "a list built in a range": """
        a = []
        for i in range(3): a.append(i)
        show(a)  #> [?i, …]
    """,
    "a dict built in a loop": """
        d = {'a': 1}
        for k in x: d[k] = 2
        show(d)  #> {'a': 2 | 1, …}
    """,
    "pass by try": """
        for i in x:
            try: n = 1
            except ValueError: continue
            show(n)  #> 1
    """,
    "return in an endless loop": """
        def f():
            while True:
                if x: return 1
        show(f())  #> 1
    """,
    "instances of two rounds are apart": """
        class A: pass
        n = 0
        for i in x:
            n += 1
            a = A()
            show(getattr(a, "n", 0))  #> 0
            a.n = 1
    """,
    "element of a dataset": """
        for x, y in tf.data.Dataset.range(8): show(x, y)  #> ?x, ?y
    """,
    "a dict of datasets": """
        d = {}
        for split in ["train", "test"]:
            ds = tf.data.Dataset.range(8)
            if split == "train": ds = ds.shuffle(8)
            d[split] = ds.batch(2)
        show(d["train"], d["test"])  #> range(8) > shuffle(8) > batch(2), range(8) > batch(2)
    """,
    "element of a list of datasets": """
        a = [tf.data.Dataset.range(1), tf.data.Dataset.range(2)]
        for ds in a:
            show(ds.batch(2))  #> range(1) > batch(2) ; range(2) > batch(2)
    """,
    "transparent wrappers": """
        from tqdm import tqdm
        for i in tqdm([1, 2]): show(i)  #> 1 ; 2
    """,
    "async for": """
        async def f():
            async for i in x: show(i)  #> ?i
    """,
}

COMPREHENSIONS = {
    "list": "show([i * 2 for i in [1, 2]])  #> [2, 4]",
    "set": "show({i for i in (1, 2)})  #> [1, 2]",
    "dict": "show({k: v for k, v in [('a', 1), ('b', 2)]})  #> {'a': 1, 'b': 2}",
    "generator": "show(list(i + 1 for i in [1, 2]))  #> [2, 3]",
    "condition": "show([i for i in [1, 2, 3] if i != 2])  #> [1, 3]",
    "open condition": "show([i for i in [1, 2] if x])  #> [1, 2, …]",
    "nested": "show([i * j for i in [1, 2] for j in [10, 20]])  #> [10, 20, 20, 40]",
    "in a comprehension": "show([[j for j in range(i)] for i in [1, 2]])  #> [[0], [0, 1]]",
    "unknown": "show([1 for i in x])  #> [1, …]",
    "short range": "show([i for i in range(3)])  #> [0, 1, 2]",
    "range with bounds": "show(list(range(2, 8, 3)), [i for i in range(3, 0, -1)])  #> [2, 5], [3, 2, 1]",
    "long range": "show([i for i in range(1000)])  #> [?i, …]",
    "layers": """
        model = keras.Sequential([keras.layers.Dense(8) for _ in range(2)])
        model.fit(x, batch_size=4)  #> fit(?x, batch_size=4) of keras.Sequential()
    """,
    "datasets": """
        a = [tf.data.Dataset.range(i).batch(2) for i in (1, 2)]
        show(a[1])  #> range(2) > batch(2)
    """,
    "sum of a generator": "show(sum(i for i in [1, 2]))  #> 3",
    "unpacked": "a, b = (i + 1 for i in [1, 2]); show(a, b)  #> 2, 3",
    "sees the enclosing scope": """
        n = 2
        def f(k):
            return [i * n * k for i in [1, 2]]
        show(f(3))  #> [6, 12]
    """,
}

TRAINING = {
    "epochs": """
        ds = tf.data.Dataset.range(8).batch(2)
        for epoch in range(100):
            for batch in ds:  #> loop(range(8) > batch(2)) in for in for
                with tf.GradientTape() as tape: loss = f(batch)
                opt.apply_gradients(zip(tape.gradient(loss, w), w))
    """,
    "through a function": """
        @tf.function
        def step(batch):
            with tf.GradientTape() as tape: loss = f(batch)
            opt.apply_gradients(zip(tape.gradient(loss, w), w))
        for batch in tf.data.Dataset.range(8).batch(2):  #> loop(range(8) > batch(2)) in for
            step(batch)
    """,
    "descent by hand": """
        w, b = tf.Variable(1.0), tf.Variable(0.0)
        def descend(weights, gradients, rate, size):
            for weight, gradient in zip(weights, gradients):
                weight.assign_sub(rate * gradient / size)
        for batch in tf.data.Dataset.range(8).batch(2):  #> loop(range(8) > batch(2)) in for
            with tf.GradientTape() as tape: loss = f(batch, w, b)
            descend([w, b], tape.gradient(loss, [w, b]), 0.1, 2)
    """,
    "descent by hand, one by one": """
        w, b = tf.Variable(1.0), tf.Variable(0.0)
        for batch in tf.data.Dataset.range(8).batch(2):  #> loop(range(8) > batch(2)) in for
            with tf.GradientTape() as tape: loss = f(batch, w, b)
            gradients = tape.gradient(loss, [w, b])
            w.assign_add(-0.1 * gradients[0])
            b.assign_add(-0.1 * gradients[1])
    """,
    "next of an iterator": """
        it = iter(tf.data.Dataset.range(8).batch(2))
        while x:  #> loop(range(8) > batch(2)) in while
            batch = next(it)
            opt.minimize(batch)
    """,
    "enumerate and tqdm": """
        import tqdm
        for i, batch in enumerate(tqdm.tqdm(tf.data.Dataset.range(8))):  #> loop(range(8)) in for
            opt.minimize(batch)
    """,
    "zip": """
        a, b = tf.data.Dataset.range(1), tf.data.Dataset.range(2)
        for x, y in zip(a, b):  #> loop(range(1)) in for ; loop(range(2)) in for
            opt.minimize(x)
    """,
    "take": """
        for batch in tf.data.Dataset.range(8).take(3):  #> loop(range(8) > take(3)) in for
            opt.minimize(batch)
    """,
    "an evaluation": """
        for batch in tf.data.Dataset.range(8):
            model(batch)
        show(1)  #> 1
    """,
    "an unrolled loop": """
        for ds in [tf.data.Dataset.range(1), tf.data.Dataset.range(2)]:
            model.fit(ds)  #> fit(range(1)) in for ; fit(range(2)) in for
    """,
    "a comprehension": """
        [model.fit(ds) for ds in [tf.data.Dataset.range(1)]]  #> fit(range(1))
    """,
    "fit in a loop is recorded once": """
        for epoch in range(100):
            model.fit(tf.data.Dataset.range(1))  #> fit(range(1)) in for
    """,
}


@table(UNROLLED, REPEATED, COMPREHENSIONS, TRAINING)
def test_loops(program: str) -> None:
    check(program)


def test_facts_of_a_loop_are_recorded_once() -> None:
    facts = see("""
        n = 0
        for i in x:
            for j in range(100):
                n += 1
                model.fit(tf.data.Dataset.range(1))
    """).facts.facts
    assert sorted(type(fact).__name__ for fact in facts) == ["Discarded", "Loop", "Loop", "Pipeline", "Training"]
