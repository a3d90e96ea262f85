"""Input pipelines: sources, transformations, iterators, distribution, and where they end."""

import pytest

from tests.analysis.programs import check, see, table

SOURCES = {
    "of Dataset": """
        D = tf.data.Dataset
        show(D.from_tensor_slices([1]), D.from_tensors(1), D.range(3))  #> from_tensor_slices([1]), from_tensors(1), range(3)
        show(D.list_files("a*"), tf.data.TFRecordDataset("f"))  #> list_files('a*'), TFRecordDataset('f')
    """,
    "loaders": """
        a = keras.utils.image_dataset_from_directory("x", batch_size=8)
        b = keras.preprocessing.text_dataset_from_directory("x")
        show(a, b)  #> image_dataset_from_directory('x', batch_size=8), text_dataset_from_directory('x')
    """,
    "a loader of two subsets": """
        train, val = keras.utils.image_dataset_from_directory("x", subset="both", validation_split=0.1)
        show(train.cache())  #> image_dataset_from_directory('x', subset='both', validation_split=0.1) > cache()
        show(val)  #> image_dataset_from_directory('x', subset='both', validation_split=0.1)
    """,
    "tfds": """
        import tensorflow_datasets as tfds
        a = tfds.load("mnist", split="train")
        (b, c), info = tfds.load("mnist", split=["train", "test"], with_info=True)
        d = tfds.load("mnist")["train"]
        show(a.batch(1), b.batch(2))  #> load('mnist', split='train') > batch(1), load('mnist', split=['train', 'test'], with_info=True) > batch(2)
        show(d.batch(3))  #> load('mnist') > batch(3)
    """,
    "tfds builder": """
        import tensorflow_datasets as tfds
        builder = tfds.builder("mnist")
        builder.download_and_prepare()
        a, b = builder.as_dataset(split=["train", "test"], shuffle_files=True)
        show(a.batch(1), b)  #> as_dataset(split=['train', 'test'], shuffle_files=True) > batch(1), as_dataset(split=['train', 'test'], shuffle_files=True)
        show(builder.as_dataset("train"))  #> as_dataset('train')
        show(tfds.builder("mnist").as_dataset()["test"].cache())  #> as_dataset() > cache()
    """,
    "of a class in another variable": """
        make = tf.data.Dataset.range
        show(make(3).batch(1))  #> range(3) > batch(1)
    """,
    "compat.v1": """
        import tensorflow.compat.v1 as tf1
        show(tf1.data.Dataset.range(3), tf.compat.v1.data.Dataset.range(4))  #> range(3), range(4)
    """,
}

STEPS = {
    "all kinds": """
        ds = tf.data.Dataset.range(8).shuffle(8).repeat().map(f, num_parallel_calls=4).batch(2, True).prefetch(tf.data.AUTOTUNE)
        show(ds)  #> range(8) > shuffle(8) > repeat() > map(?f, num_parallel_calls=4) > batch(2, True) > prefetch(tf.data.AUTOTUNE)
    """,
    "unbound": """
        show(tf.data.Dataset.batch(tf.data.Dataset.range(8), 2))  #> range(8) > batch(2)
    """,
    "apply of a function": """
        def prepare(ds): return ds.shuffle(8)
        show(tf.data.Dataset.range(8).apply(prepare).apply(lambda ds: ds.batch(2)))  #> range(8) > shuffle(8) > batch(2)
    """,
    "apply of an old step": """
        ds = tf.data.Dataset.range(8).apply(tf.data.experimental.map_and_batch(f, 2))
        show(ds)  #> range(8) > map_and_batch(?f, 2)
    """,
    "zip and concatenate": """
        a, b = tf.data.Dataset.range(1), tf.data.Dataset.range(2)
        c = tf.data.Dataset.zip((a, b)).batch(2)
        d = a.concatenate(b)
        show(c, d)  #> range(1) > zip((range(1), range(2))) > batch(2), range(1) > concatenate(range(2))
    """,
    "what is no step": """
        ds = tf.data.Dataset.range(1)
        show(ds.cardinality(), ds.element_spec, len(ds))  #> ?cardinality(), range(1).element_spec, len range(1)
    """,
    "arguments by name and from outside": """
        options = {"buffer_size": 8}
        show(tf.data.Dataset.range(1).shuffle(**options).batch(**x))  #> range(1) > shuffle(buffer_size=8) > batch(…)
    """,
    "a batch size from a parameter": """
        def make(batch_size=32, **kwargs):
            return tf.data.Dataset.range(8).batch(batch_size, **kwargs)
        show(make(drop_remainder=True))  #> range(8) > batch(32, drop_remainder=True)
    """,
    "under a strategy": """
        strategy = tf.distribute.MirroredStrategy()
        ds = strategy.experimental_distribute_dataset(tf.data.Dataset.range(8).batch(2))
        show(ds)  #> range(8) > batch(2) > experimental_distribute_dataset(range(8) > batch(2))
    """,
    "made for each replica": """
        strategy = tf.distribute.MirroredStrategy()
        def make(context): return tf.data.Dataset.range(8).batch(context.get_per_replica_batch_size(64))
        ds = strategy.distribute_datasets_from_function(make)
        show(ds)  #> range(8) > batch(?context.get_per_replica_batch_size(…)) > distribute_datasets_from_function(make)
    """,
    "iterators": """
        ds = tf.data.Dataset.range(8)
        show(iter(ds), enumerate(ds), zip(ds, ds))  #> iter(range(8)), enumerate(range(8)), zip(range(8), range(8))
        show(ds.as_numpy_iterator())  #> ?as_numpy_iterator(…)
    """,
    "elements": """
        for i, (x, y) in enumerate(tf.data.Dataset.range(8)): show(i, x, y)  #> ?i, ?x, ?y
    """,
}


@table(SOURCES, STEPS)
def test_pipelines(program: str) -> None:
    check(program)


ENDS = {
    "a chain that nothing uses": ("ds = tf.data.Dataset.range(8).batch(2)", ["range(8) > batch(2)"]),
    "fit": ("model.fit(tf.data.Dataset.range(8).batch(2))", ["range(8) > batch(2) -> fit"]),
    "several runs": (
        """
        ds = tf.data.Dataset.range(8)
        model.fit(ds)
        model.evaluate(ds)
        model.train_on_batch(ds)
        """,
        ["range(8) -> fit,train_on_batch"],
    ),
    "an earlier step is trained on": (
        """
        ds = tf.data.Dataset.range(8)
        model.fit(ds)
        for x in ds.take(1): print(x)
        """,
        ["range(8) > take(1) -> fit"],
    ),
    "two branches": (
        """
        ds = tf.data.Dataset.range(8)
        model.fit(ds.skip(2).batch(2), validation_data=ds.take(2).batch(2))
        """,
        ["range(8) > skip(2) > batch(2) -> fit", "range(8) > take(2) > batch(2)"],
    ),
    "a hand-written loop": (
        """
        for batch in tf.data.Dataset.range(8).batch(2):
            opt.apply_gradients(zip(g, w))
        """,
        ["range(8) > batch(2) -> loop"],
    ),
    "a loop that only looks": ("for batch in tf.data.Dataset.range(8): print(batch)", ["range(8)"]),
    "an optional step": (
        """
        ds = tf.data.Dataset.range(8)
        if x: ds = ds.shuffle(8)
        model.fit(ds)
        """,
        ["range(8) > shuffle(8) -> fit"],
    ),
    "what flows in": (
        "model.fit(tf.data.Dataset.zip((tf.data.Dataset.range(1), tf.data.Dataset.range(2))))",
        ["range(2)", "range(1) > zip((range(1), range(2))) -> fit"],
    ),
    "nested": (
        "model.fit(tf.data.Dataset.list_files('x').interleave(lambda f: tf.data.TFRecordDataset(f).map(g)))",
        ["TFRecordDataset(?f) > map(?g) nested", "list_files('x') > interleave(<lambda>) -> fit"],
    ),
    "one function, two calls": (
        """
        def make(n): return tf.data.Dataset.range(n).batch(2)
        model.fit(make(1), validation_data=make(2))
        """,
        ["range(1) > batch(2) -> fit", "range(2) > batch(2)"],
    ),
    "one function, two equal calls": (
        """
        def make(): return tf.data.Dataset.range(1)
        a = make(); b = make()
        """,
        ["range(1)", "range(1)"],
    ),
    "rebuilt in a loop": ("for i in range(100): model.fit(tf.data.Dataset.range(1))", ["range(1) -> fit"]),
    "expected to fail": (
        """
        import pytest
        with pytest.raises(ValueError): tf.data.Dataset.range(8).batch(0)
        """,
        [],
    ),
    "in a function that nobody calls": ("def f(): return tf.data.Dataset.range(8)", ["range(8)"]),
    "in a lambda given to unknown code": ("mystery(lambda: tf.data.Dataset.range(8))", ["range(8)"]),
    "a generator's": (
        """
        def g(): yield 1
        model.fit(tf.data.Dataset.from_generator(g, tf.int32).batch(2))
        """,
        ["from_generator(g, tf.int32) > batch(2) -> fit"],
    ),
}


@pytest.mark.parametrize(("program", "expected"), [pytest.param(*case, id=name) for name, case in ENDS.items()])
def test_ends(program: str, expected: list[str]) -> None:
    assert see(program).pipelines() == expected
