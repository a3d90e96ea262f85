"""What bslint knows about library APIs, as data: dataset sources, transformations, Keras classes and calls.

Signatures and defaults were read from TensorFlow 2.21 and Keras 3.15; `tests/claims` asks the installed versions.
"""

from __future__ import annotations

import msgspec


class Source(msgspec.Struct, frozen=True):
    """An API that makes a dataset.

    Args:
        batch: position of its `batch_size` parameter, None when it does not batch.
        batch_size: the default batch size; None when it has to be given or means "not batched".
        optional: whether `batch_size=None` leaves the samples unbatched.
        shuffle: position of its `shuffle` parameter, None when it has none.
        shuffles: whether it shuffles samples (or their files) by default.
        endless: whether it repeats for ever by default.
        prefetches: whether it prefetches by itself.
        files: whether its elements are file names.
        whole: whether one element is the whole data (`from_tensors`).
    """

    batch: int | None = None
    batch_size: int | None = None
    optional: bool = False
    shuffle: int | None = None
    shuffles: bool = False
    endless: bool = False
    prefetches: bool = False
    files: bool = False
    whole: bool = False


_KEYWORD_ONLY = 99

SOURCES: dict[str, Source] = {
    "tf.data.Dataset.from_tensor_slices": Source(),
    "tf.data.Dataset.from_sparse_tensor_slices": Source(),
    "tf.data.Dataset.from_tensors": Source(whole=True),
    "tf.data.Dataset.from_generator": Source(),
    "tf.data.Dataset.range": Source(),
    "tf.data.Dataset.random": Source(endless=True),
    "tf.data.Dataset.counter": Source(endless=True),
    "tf.data.Dataset.list_files": Source(shuffle=1, shuffles=True, files=True),
    "tf.data.Dataset.load": Source(),
    "tf.data.Dataset.zip": Source(),
    "tf.data.Dataset.choose_from_datasets": Source(),
    "tf.data.Dataset.sample_from_datasets": Source(),
    "tf.data.TFRecordDataset": Source(),
    "tf.data.TextLineDataset": Source(),
    "tf.data.FixedLengthRecordDataset": Source(),
    "tf.data.experimental.Counter": Source(endless=True),
    "tf.data.experimental.RandomDataset": Source(endless=True),
    "tf.data.experimental.CsvDataset": Source(),
    "tf.data.experimental.from_list": Source(),
    "tf.data.experimental.SqlDataset": Source(),
    "tf.data.experimental.choose_from_datasets": Source(),
    "tf.data.experimental.sample_from_datasets": Source(),
    "tf.data.experimental.make_csv_dataset": Source(batch=1, shuffle=11, shuffles=True, endless=True, prefetches=True),
    "tf.data.experimental.make_batched_features_dataset": Source(
        batch=1, shuffle=7, shuffles=True, endless=True, prefetches=True
    ),
    "keras.utils.image_dataset_from_directory": Source(
        batch=5, batch_size=32, optional=True, shuffle=7, shuffles=True, prefetches=True
    ),
    "keras.utils.text_dataset_from_directory": Source(
        batch=4, batch_size=32, optional=True, shuffle=6, shuffles=True, prefetches=True
    ),
    # These two prefetch in front of their batch, not behind it.
    "keras.utils.audio_dataset_from_directory": Source(batch=4, batch_size=32, optional=True, shuffle=8, shuffles=True),
    "keras.utils.timeseries_dataset_from_array": Source(batch=5, batch_size=128, optional=True, shuffle=6),
    "tfds.load": Source(batch=_KEYWORD_ONLY, optional=True, prefetches=True),
    "tfds.as_dataset": Source(batch=_KEYWORD_ONLY, optional=True, prefetches=True),
}


class Generator(msgspec.Struct, frozen=True):
    """An API of Keras, older than `tf.data`, that makes batches.

    Args:
        batch: position of its `batch_size` parameter.
        batch_size: the default batch size.
    """

    batch: int
    batch_size: int


GENERATORS: dict[str, Generator] = {
    "keras.preprocessing.image.ImageDataGenerator.flow": Generator(2, 32),
    "keras.preprocessing.image.ImageDataGenerator.flow_from_directory": Generator(5, 32),
    "keras.preprocessing.image.ImageDataGenerator.flow_from_dataframe": Generator(9, 32),
    "keras.preprocessing.image.DirectoryIterator": Generator(6, 32),
    "keras.preprocessing.image.NumpyArrayIterator": Generator(3, 32),
    "keras.preprocessing.sequence.TimeseriesGenerator": Generator(9, 128),
}
# Their attributes that count samples.
SAMPLE_COUNTS: frozenset[str] = frozenset(("samples", "n"))

TRANSFORMATIONS: frozenset[str] = frozenset(
    [
        "apply",
        "batch",
        "bucket_by_sequence_length",
        "cache",
        "concatenate",
        "dense_to_ragged_batch",
        "enumerate",
        "filter",
        "filter_with_legacy_function",
        "flat_map",
        "fingerprint",
        "group_by_window",
        "ignore_errors",
        "interleave",
        "map",
        "map_with_legacy_function",
        "padded_batch",
        "prefetch",
        "ragged_batch",
        "rebatch",
        "rejection_resample",
        "repeat",
        "scan",
        "shard",
        "shuffle",
        "skip",
        "snapshot",
        "sparse_batch",
        "take",
        "take_while",
        "unbatch",
        "unique",
        "window",
        "with_options",
    ]
)

BATCHING: frozenset[str] = frozenset(
    [
        "batch",
        "padded_batch",
        "ragged_batch",
        "dense_to_ragged_batch",
        "sparse_batch",
        "rebatch",
        "bucket_by_sequence_length",
    ]
)

# Position of the batch size (or of the shuffle buffer) among the arguments of a transformation.
COUNT_ARGUMENTS: dict[str, tuple[str, int]] = {
    "batch": ("batch_size", 0),
    "padded_batch": ("batch_size", 0),
    "ragged_batch": ("batch_size", 0),
    "dense_to_ragged_batch": ("batch_size", 0),
    "sparse_batch": ("batch_size", 0),
    "rebatch": ("batch_size", 0),
    "map_and_batch": ("batch_size", 1),
    "shuffle_and_repeat": ("buffer_size", 0),
    "shuffle": ("buffer_size", 0),
    "prefetch": ("buffer_size", 0),
    "repeat": ("count", 0),
    "take": ("count", 0),
    "skip": ("count", 0),
}

# Transformations that neither compute nor wait: a prefetch in front of them still overlaps everything.
FREE_AFTER_PREFETCH: frozenset[str] = frozenset(
    ["take", "skip", "repeat", "with_options", "enumerate", "shard", "concatenate"]
)

# Old functional forms: `ds.apply(tf.data.experimental.prefetch_to_device(...))` is a step of that name.
APPLIED: dict[str, str] = {
    "tf.data.experimental.prefetch_to_device": "prefetch",
    "tf.data.experimental.copy_to_device": "copy_to_device",
    "tf.data.experimental.shuffle_and_repeat": "shuffle_and_repeat",
    "tf.data.experimental.map_and_batch": "map_and_batch",
    "tf.data.experimental.parallel_interleave": "interleave",
    "tf.data.experimental.unbatch": "unbatch",
    "tf.data.experimental.ignore_errors": "ignore_errors",
    "tf.data.experimental.bucket_by_sequence_length": "bucket_by_sequence_length",
    "tf.data.experimental.dense_to_ragged_batch": "ragged_batch",
    "tf.data.experimental.dense_to_sparse_batch": "sparse_batch",
    "tf.data.experimental.group_by_window": "group_by_window",
    "tf.data.experimental.group_by_reducer": "group_by_reducer",
    "tf.data.experimental.enumerate_dataset": "enumerate",
    "tf.data.experimental.scan": "scan",
    "tf.data.experimental.take_while": "take_while",
    "tf.data.experimental.unique": "unique",
    "tf.data.experimental.rejection_resample": "rejection_resample",
    "tf.data.experimental.assert_cardinality": "assert_cardinality",
    "tf.data.experimental.snapshot": "snapshot",
    "tf.data.experimental.cache": "cache",
    "tf.data.experimental.batch_and_drop_remainder": "batch",
    "tf.data.experimental.padded_batch_and_drop_remainder": "padded_batch",
}

AUTOTUNE_NAMES: frozenset[str] = frozenset(("tf.data.AUTOTUNE", "tf.data.experimental.AUTOTUNE"))

# Methods of a dataset that only look at it.
PEEKS: frozenset[str] = frozenset(
    [
        "as_numpy_iterator",
        "cardinality",
        "element_spec",
        "get_single_element",
        "reduce",
        "save",
        "options",
        "output_shapes",
        "output_types",
    ]
)
ITERATORS: frozenset[str] = frozenset(["make_one_shot_iterator", "make_initializable_iterator", "__iter__"])

MODEL_CLASSES: frozenset[str] = frozenset(
    ("keras.Model", "keras.Sequential", "tfrs.models.Model", "tensorflow_recommenders.Model")
)
# Calls that return a Keras model whose layers are not written in the file.
MODEL_MAKERS: frozenset[str] = frozenset(
    (
        "keras.models.load_model",
        "keras.models.clone_model",
        "keras.models.model_from_json",
        "keras.models.model_from_config",
        "keras.models.model_from_yaml",
        "keras.saving.load_model",
    )
)
# Libraries whose classes are Keras models: `PackageModels.from_preset(...)`.
MODEL_LIBRARIES: tuple[str, ...] = (
    "keras.applications.",
    "keras_cv.models.",
    "keras_hub.models.",
    "keras_nlp.models.",
    "segmentation_models.",
    "tensorflow_recommenders.",
    "efficientnet.",
)

# Networks with batch normalisation that come as one call.
NORMALIZED_NETWORKS: tuple[str, ...] = (
    *tuple(
        f"keras.applications.{name}"
        for name in "DenseNet EfficientNet Inception MobileNet NASNet RegNet ResNet Xception".split()
    ),
    "segmentation_models.Unet",
    "segmentation_models.FPN",
    "segmentation_models.Linknet",
    "segmentation_models.PSPNet",
)

# Data sets of `keras.datasets` with images or texts.
LARGE_DATASETS: frozenset[str] = frozenset("mnist fashion_mnist cifar10 cifar100 imdb reuters".split())
# Layers that keep a lot for every sample; those over sequences depend on their length.
HEAVY_LAYERS: tuple[str, ...] = (
    "keras.layers.Conv2D", "keras.layers.Conv3D", "keras.layers.SeparableConv2D", "keras.layers.DepthwiseConv2D",
    "keras.layers.ConvLSTM", "keras.layers.MultiHeadAttention", "keras.applications.",
)  # fmt: skip
SEQUENCE_LAYERS: tuple[str, ...] = (
    "keras.layers.LSTM", "keras.layers.GRU", "keras.layers.SimpleRNN", "keras.layers.RNN", "keras.layers.Bidirectional",
    "keras.layers.Conv1D", "keras.layers.SeparableConv1D", "keras.layers.Attention", "keras.layers.AdditiveAttention",
)  # fmt: skip

# Libraries whose `fit` is their own, whatever it is given.
FOREIGN_MODELS: frozenset[str] = frozenset(
    [
        "autokeras",
        "sklearn",
        "torch",
        "pytorch_lightning",
        "lightning",
        "xgboost",
        "lightgbm",
        "catboost",
        "fastai",
        "mxnet",
        "paddle",
        "jax",
        "flax",
        "haiku",
        "numpy",
        "pandas",
        "scipy",
        "statsmodels",
        "skorch",
        "tpot",
        "h2o",
        "pyspark",
        "cuml",
        "dask",
        "river",
        "tensorflow_decision_forests",
        "optuna",
        "ray",
        "tf",
        "tfds",
        "absl",
        "argparse",
    ]
)

# fit-like methods: whether they train, and the positions of their parameters (Keras 3 signatures).
FIT_PARAMETERS: dict[str, tuple[str, ...]] = {
    "fit": (
        "x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data", "shuffle",
        "class_weight", "sample_weight", "initial_epoch", "steps_per_epoch", "validation_steps", "validation_batch_size",
        "validation_freq",
    ),
    "evaluate": ("x", "y", "batch_size", "verbose", "sample_weight", "steps", "callbacks"),
    "predict": ("x", "batch_size", "verbose", "steps", "callbacks"),
    "fit_generator": (
        "generator", "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data", "validation_steps",
        "validation_freq", "class_weight",
    ),
    "evaluate_generator": ("generator", "steps"),
    "predict_generator": ("generator", "steps"),
    "train_on_batch": ("x", "y", "sample_weight", "class_weight"),
    "test_on_batch": ("x", "y", "sample_weight"),
    "predict_on_batch": ("x",),
}  # fmt: skip
TRAINING_METHODS: frozenset[str] = frozenset(("fit", "fit_generator", "train_on_batch"))

# Keywords that only Keras's own `fit`, `evaluate` and `predict` have: they tell a Keras model from any other receiver.
KERAS_KEYWORDS: frozenset[str] = frozenset(("steps_per_epoch", "validation_steps", "validation_batch_size"))

TAPES: frozenset[str] = frozenset(("tf.GradientTape", "tf.autodiff.GradientTape"))
UPDATE_METHODS: frozenset[str] = frozenset(("apply_gradients", "minimize"))
TRAINABLE_ATTRIBUTES: frozenset[str] = frozenset(
    ["trainable_variables", "trainable_weights", "variables", "weights", "trainable_parameters"]
)

# Wrappers that hand their iterable through.
TRANSPARENT_ITERABLES: frozenset[str] = frozenset(
    (
        "tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.notebook.tqdm", "tqdm.autonotebook.tqdm", "tqdm.std.tqdm", "tqdm.tqdm_notebook",
        "rich.progress.track", "alive_progress.alive_it", "progressbar.progressbar", "fastprogress.progress_bar",
        "fastprogress.fastprogress.progress_bar", "fastprogress.fastprogress.master_bar", "fastprogress.master_bar",
        "reversed", "iter",
    )
)  # fmt: skip

# Functions that cut arrays into windows.
CUTTING: frozenset[str] = frozenset(
    ("tf.slice", "tf.gather", "tf.split", "numpy.take", "numpy.split", "numpy.array_split", "slice")
)

# Functions of numbers that give a float even for whole results.
FLOAT_FUNCTIONS: frozenset[str] = frozenset(
    (
        "numpy.ceil",
        "numpy.floor",
        "numpy.round",
        "numpy.rint",
        "numpy.trunc",
        "numpy.around",
        "numpy.true_divide",
        "numpy.divide",
    )
)
INT_FUNCTIONS: frozenset[str] = frozenset(("int", "len", "math.ceil", "math.floor", "math.trunc", "numpy.floor_divide"))

# Calls that give back what earlier models hold, and what runs a model in a process or graph of its own.
CLEARING: frozenset[str] = frozenset(("clear_session", "reset_default_graph", "Graph", "Session"))
CHILD_PROCESSES: tuple[str, ...] = (
    "multiprocessing.",
    "subprocess.",
    "concurrent.futures.",
    "joblib.",
    "ray.",
    "os.fork",
    "os.system",
)

OOM_ERRORS: frozenset[str] = frozenset(
    (
        "tf.errors.ResourceExhaustedError",
        "tf.errors.OpError",
        "tensorflow.python.framework.errors_impl.ResourceExhaustedError",
    )
)
BROAD_ERRORS: frozenset[str] = frozenset(("Exception", "BaseException"))

# Layers whose every sample costs little: rows of tables and identifiers.
TABULAR_LAYERS: frozenset[str] = frozenset(
    "keras.layers." + name
    for name in (
        [
            "Dense",
            "Embedding",
            "Flatten",
            "Dropout",
            "Concatenate",
            "Activation",
            "ReLU",
            "LeakyReLU",
            "PReLU",
            "ELU",
            "Softmax",
            "BatchNormalization",
            "Reshape",
            "Add",
            "Multiply",
            "Subtract",
            "Average",
            "Maximum",
            "Minimum",
            "Dot",
            "InputLayer",
            "Input",
            "Normalization",
            "StringLookup",
            "IntegerLookup",
            "Hashing",
            "CategoryEncoding",
            "Discretization",
            "DenseFeatures",
            "GaussianNoise",
            "AlphaDropout",
            "GlobalAveragePooling1D",
            "LayerNormalization",
            "Rescaling",
            "Lambda",
            "TextVectorization",
            "ActivityRegularization",
            "HashedCrossing",
            "FeatureSpace",
        ]
    )
) | {"keras.Input"}

EXPECTING_ERRORS: frozenset[str] = frozenset(
    [
        "assertRaises",
        "assertRaisesRegex",
        "assertRaisesRegexp",
        "raises",
        "assertRaisesWithPredicateMatch",
        "assertRaisesIncompatibleShapesError",
        "assertWarns",
        "warns",
    ]
)

# What a parameter for the batch size of a training is called, without underscores.
BATCH_PARAMETERS: frozenset[str] = frozenset(
    "batchsize batchsz trainbatchsize trainingbatchsize globalbatchsize minibatchsize perreplicabatchsize".split()
)

# Methods that Keras calls: their parameters are its choice.
KERAS_HOOKS: frozenset[str] = frozenset(
    (
        *FIT_PARAMETERS, "add_loss", "add_metric", "build", "call", "compile", "compute_loss", "compute_metrics",
        "compute_output_shape", "from_config", "get_config", "load_weights", "make_predict_function",
        "make_test_function", "make_train_function", "on_epoch_begin", "on_epoch_end", "predict_step", "save",
        "save_weights", "summary", "test_step", "train_step",
    )
)  # fmt: skip

# Decorators that leave the function what it is.
KEEPING_DECORATORS: frozenset[str] = frozenset(
    (
        "staticmethod", "classmethod", "property", "functools.wraps", "functools.lru_cache", "functools.cache",
        "functools.cached_property", "contextlib.contextmanager", "abc.abstractmethod", "typing.override", "typing.overload",
        "dataclasses.dataclass", "atexit.register", "typing.no_type_check",
    )
)  # fmt: skip
KEEPING_PREFIXES: tuple[str, ...] = (
    "tf.",
    "keras.",
    "click.",
    "typer.",
    "hydra.",
    "absl.",
    "pytest.",
    "unittest.",
    "tfds.",
    "gin.",
)

# What parameters that are gradients are called.
GRADIENT_NAMES: frozenset[str] = frozenset(("gradients", "grads", "grads_and_vars"))

# Code that names none of these makes no fact by itself: no pipeline, no training, no handler around one.
TELLING_NAMES: frozenset[str] = frozenset(
    (
        *BATCHING, *FIT_PARAMETERS, *UPDATE_METHODS, *(name.rpartition(".")[2] for name in SOURCES), "batch_size", "Dataset",
        "GradientTape", *GRADIENT_NAMES, "assign_sub", "cache", "flat_map", "interleave", "map_and_batch",
        "prefetch", "prefetch_to_device",
        "ResourceExhaustedError", "OpError", "function", "shuffle", "shuffle_and_repeat", "with_options", "take_while", "unbatch",
    )
) - {"load", "range", "zip", "random", "counter", "as_dataset"}  # fmt: skip

# What the functions given to `map`, `filter` and `interleave` call.

# Functions that draw random numbers anew for every element.
RANDOM_PREFIXES: tuple[str, ...] = (
    "tf.random.", "tf.random_", "tf.image.random_", "tf.image.sample_distorted_bounding_box", "tf.image.stateful_", "tf.nn.dropout",
    "tf.nn.experimental.general_dropout", "tf.truncated_normal", "tf.multinomial", "keras.random.", "keras.backend.random_",
    "keras.preprocessing.image.random_", "tensorflow_addons.image.random_", "keras.preprocessing.image.apply_random_",
)  # fmt: skip
# Of those names, what draws nothing: seeds, generators before they are used, and what `keras.random` only defines.
NOT_RANDOM: frozenset[str] = frozenset(
    "set_seed set_random_seed get_seed fold_in split create_rng_state get_global_generator set_global_generator Generator SeedGenerator "
    "Algorithm from_seed from_state from_key_counter from_non_deterministic_state index_shuffle".split()
)
RANDOM_GENERATORS: tuple[str, ...] = (
    "tf.random.Generator",
    "tf.random.experimental.Generator",
    "tf.random.get_global_generator",
    "tf.random.experimental.get_global_generator",
)
# Random numbers of Python: anew for every element inside a `py_function`, once where TensorFlow traces the code.
PYTHON_RANDOM: tuple[str, ...] = ("numpy.random.", "random.", "imgaug.", "albumentations.")
SEEDING: frozenset[str] = frozenset(
    (
        "seed default_rng RandomState Random SystemRandom getstate setstate get_state set_state SeedSequence set_seed "
        "set_random_seed"
    ).split()
)
PYTHON_FUNCTIONS: frozenset[str] = frozenset(
    ("tf.py_function", "tf.numpy_function", "tf.py_func", "tf.contrib.eager.py_func")
)
STATEFUL_FUNCTIONS: frozenset[str] = frozenset(
    ("tf.print", "tf.Print", "tf.timestamp", "tf.io.write_file", "tf.write_file")
)
# Functions that call the functions they are given, as part of the graph.
CALLING_FUNCTIONS: frozenset[str] = frozenset(
    (
        "tf.cond", "tf.case", "tf.switch_case", "tf.while_loop", "tf.map_fn", "tf.vectorized_map", "tf.scan", "tf.foldl", "tf.foldr",
        "tf.nest.map_structure", "tf.function", "keras.ops.cond", "keras.ops.map", "keras.ops.vectorized_map", "keras.tree.map_structure",
        "map", "filter", "sorted",
    )
)  # fmt: skip
# Libraries of which a call inside a traced function is a computation and nothing else.
COMPUTING: frozenset[str] = frozenset(
    "tf keras numpy math operator functools itertools os re string collections enum copy".split()
)
# TensorFlow functions that cost next to nothing for one element.
CHEAP: frozenset[str] = frozenset(
    "cast one_hot expand_dims squeeze reshape stack unstack concat constant convert_to_tensor shape zeros ones zeros_like ones_like fill "
    "identity transpose equal not_equal greater greater_equal less less_equal logical_and logical_or logical_not where range size rank "
    "tuple uniform normal add subtract multiply divide truediv floormod mod pow square sqrt abs reduce_sum reduce_mean reduce_max "
    "reduce_min reduce_any reduce_all gather gather_nd slice split ensure_shape maximum minimum clip_by_value argmax argmin reverse roll "
    "strided_slice assert_equal TensorSpec get_static_value tile pad cond bool to_float to_int32 to_categorical".split()
)
# Methods of tensors, strings and containers that any value may have, and that do nothing else.
PLAIN_METHODS: frozenset[str] = frozenset(
    "set_shape get_shape shape items keys values get pop copy append extend update numpy astype reshape to_tensor to_sparse to_list "
    "lower upper strip split join format startswith endswith replace decode as_list merge_with concatenate with_rank "
    "is_fully_defined num_elements setdefault index count sum mean max min std flatten transpose squeeze tolist ndims eval row_lengths "
    "bounding_shape info debug warning error".split()
)
# Layers that change their input at random unless they are told that they don't train; with these prefixes, and by name.
RANDOM_LAYER_PREFIXES: tuple[str, ...] = ("keras.layers.Random", "keras_cv.layers.Random")
RANDOM_LAYERS: frozenset[str] = frozenset(
    f"{package}.layers.{name}"
    for package in ("keras", "keras_cv")
    for name in (
        "MixUp CutMix RandAugment AugMix AutoContrast GridMask ChannelShuffle JitteredResize Mosaic RepeatedAugmentation "
        "RandomlyZoomedCrop FourierMix".split()
    )
    if name != "AutoContrast"
)
# Layers that change their input at random only when they are told that they train.
TRAINING_LAYERS: frozenset[str] = frozenset(
    "keras.layers." + name
    for name in "Dropout GaussianNoise GaussianDropout AlphaDropout SpatialDropout1D SpatialDropout2D SpatialDropout3D".split()
)
# Layers that read a lookup table.
LOOKUP_LAYERS: frozenset[str] = frozenset(
    "keras.layers." + name for name in "StringLookup IntegerLookup TextVectorization".split()
)
# Layers that compute and hold no weights.
COMPUTING_LAYERS: frozenset[str] = frozenset(
    "keras.layers." + name
    for name in (
        "Rescaling Resizing CenterCrop Normalization CategoryEncoding Hashing Discretization Flatten Reshape Permute ZeroPadding1D "
        "ZeroPadding2D Cropping1D Cropping2D UpSampling2D AveragePooling2D MaxPooling2D GlobalAveragePooling2D InputLayer Input Activation "
        "ReLU Softmax Concatenate Add Multiply Average MelSpectrogram STFTSpectrogram AutoContrast".split()
    )
) | {"keras.Input"}
