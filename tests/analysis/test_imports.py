"""Library names: whatever path they are imported by, they are one name; local names shadow them."""

import pytest

from tests.analysis.programs import check, see, table

MARKS = "from marks import show\n"

PATHS = {
    "plain": """
        import tensorflow
        show(tensorflow.data.Dataset, tensorflow.keras.Model)  #> tf.data.Dataset, keras.Model
    """,
    "alias": """
        import tensorflow as tf
        show(tf.data.Dataset.range, tf.keras.layers.Dense)  #> tf.data.Dataset.range, keras.layers.Dense
    """,
    "another alias": """
        import tensorflow as T
        show(T.data.AUTOTUNE)  #> tf.data.AUTOTUNE
    """,
    "dotted import binds the root": """
        import tensorflow.keras.layers
        show(tensorflow.keras.layers.Dense)  #> keras.layers.Dense
    """,
    "dotted import with alias": """
        import tensorflow.keras.layers as L
        show(L.Dense)  #> keras.layers.Dense
    """,
    "from": """
        from tensorflow.keras.layers import Dense, Conv2D as C
        show(Dense, C)  #> keras.layers.Dense, keras.layers.Conv2D
    """,
    "from package import module": """
        from tensorflow import keras, data as D
        show(keras.Sequential, D.Dataset)  #> keras.Sequential, tf.data.Dataset
    """,
    "keras by itself": """
        import keras
        from keras.models import Sequential, Model
        from keras import Model as M
        show(keras.Model, Sequential, Model, M)  #> keras.Model, keras.Sequential, keras.Model, keras.Model
    """,
    "tf_keras": """
        import tf_keras
        from tf_keras import layers
        show(tf_keras.Model, layers.Dense)  #> keras.Model, keras.layers.Dense
    """,
    "tensorflow.python.keras": """
        from tensorflow.python.keras.layers import Dense
        from tensorflow.python.keras.models import Model
        from tensorflow.python import keras
        show(Dense, Model, keras.Model)  #> keras.layers.Dense, keras.Model, keras.Model
    """,
    "compat.v1": """
        import tensorflow.compat.v1 as tf
        show(tf.data.Dataset, tf.keras.Model)  #> tf.data.Dataset, keras.Model
    """,
    "tf.compat.v1": """
        import tensorflow as tf
        tf1 = tf.compat.v1
        show(tf1.data.Dataset, tf.compat.v1.keras.Model)  #> tf.data.Dataset, keras.Model
    """,
    "module in a variable": """
        import tensorflow as tf
        layers = tf.keras.layers
        AUTOTUNE = tf.data.AUTOTUNE
        show(layers.Dense, AUTOTUNE)  #> keras.layers.Dense, tf.data.AUTOTUNE
    """,
    "class in a variable": """
        from tensorflow.data import Dataset
        make = Dataset.from_tensor_slices
        show(make)  #> tf.data.Dataset.from_tensor_slices
        show(make([1]).batch(2))  #> from_tensor_slices([1]) > batch(2)
    """,
    "implementation modules": """
        from keras.src.layers.convolutional.conv2d import Conv2D
        from keras.engine.training import Model
        from tensorflow.python.data.ops.dataset_ops import Dataset
        show(Conv2D, Model, Dataset)  #> keras.layers.Conv2D, keras.Model, tf.data.Dataset
    """,
    "other libraries": """
        import numpy as np, math
        import tensorflow_datasets as tfds
        from functools import partial as p
        show(np.ceil, math.ceil, tfds.load, p)  #> numpy.ceil, math.ceil, tfds.load, functools.partial
    """,
    "import in a function": """
        def f():
            import tensorflow as tf
            show(tf.data.Dataset)  #> tf.data.Dataset
    """,
    "import under a test": """
        if x:
            import tensorflow as tf
        else:
            import tensorflow.compat.v1 as tf
        show(tf.data.Dataset)  #> tf.data.Dataset
    """,
    "import for type checkers": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import tensorflow as tf
        show(tf.data.Dataset)  #> tf.data.Dataset
    """,
    "fallback": """
        try:
            from tensorflow import keras
        except ImportError:
            import keras
        show(keras.Model)  #> keras.Model
    """,
    "fallback to nothing": """
        try:
            import tensorflow as tf
        except (ImportError, AttributeError):
            tf = None
        show(tf)  #> tf
    """,
    "fallback before the import": """
        try:
            import torch
            HAS_TORCH = True
        except ImportError:
            HAS_TORCH = False
        show(HAS_TORCH)  #> True
    """,
    "star of a library": """
        from tensorflow.keras.layers import *
        from tensorflow.keras.models import *
        show(Dense, Sequential)  #> keras.layers.Dense, keras.Sequential
    """,
    "star of another library": """
        from numpy import *
        show(Dense, ceil)  #> ?Dense, ?ceil
    """,
    "builtins": "show(len, print, range)  #> len, print, range",
    "unknown name": "show(Dense)  #> ?Dense",
    "relative import of a missing file": """
        from .nowhere import Dataset
        from . import other
        show(Dataset, other)  #> ?Dataset, ?other
    """,
    "getattr": """
        import tensorflow as tf
        show(getattr(tf.keras.layers, "Dense"))  #> keras.layers.Dense
    """,
}

SHADOWING = {
    "assignment": """
        import tensorflow as tf
        tf = 3
        show(tf)  #> 3
    """,
    "parameter": """
        import tensorflow as tf
        def f(tf):
            show(tf.data.Dataset)  #> ?tf.data.Dataset
    """,
    "local variable": """
        from keras import Model
        def f():
            Model = dict
            show(Model)  #> dict
        f()
        show(Model)  #> keras.Model
    """,
    "function": """
        from keras.layers import Dense
        def Dense(n):
            return n
        show(Dense(4))  #> 4
    """,
    "class": """
        from keras import Model
        class Model:
            pass
        show(Model())  #> Model()
    """,
    "builtin": """
        def len(x):
            return 7
        show(len([1]))  #> 7
    """,
    "loop variable": """
        from keras import layers
        for layers in [1]:
            show(layers)  #> 1
        show(layers)  #> 1
    """,
    "a class body does not see itself through methods": """
        size = 1
        class A:
            size = 2
            def f(self):
                return size
            def g(self):
                return self.size
        show(A().f(), A().g())  #> 1, 2
    """,
    "deleted": """
        size = 1
        del size
        show(size)  #> ?size
    """,
}


@table(PATHS, SHADOWING)
def test_names(program: str) -> None:
    check(program, prelude=MARKS)


@pytest.mark.parametrize(
    "program",
    [
        "import torch\nds = torch.utils.data.TensorDataset(x)",
        "import datasets\nds = datasets.load_dataset('x')['train']",
        "from pyspark.sql import SparkSession\nds = SparkSession.builder.getOrCreate().read.csv('x')",
        "import pandas as pd\nds = pd.read_csv('x')",
        "from mine import Dataset\nds = Dataset.from_tensor_slices(x)",
        "class Dataset:\n    pass\nds = Dataset()",
        "ds = unknown",
    ],
)
def test_other_libraries_are_no_datasets(program: str) -> None:
    seen = see(f"{program}\nds = ds.map(f).batch(32).shuffle(10)\nfor b in ds.repeat():\n    step(b)\n", prelude=MARKS)
    assert seen.pipelines() == []
    assert seen.rows() == {}
