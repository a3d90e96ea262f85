"""Layers as operations on buffers: what each keeps and takes in a training step.

The operations are those of Keras 3.15 on TensorFlow 2.21, graph-optimised; `tests/memory` and the calibration compare
the sum with what the allocator measured. A layer without a lowering makes the estimate partial.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from bslint.memory import recurrent
from bslint.memory.activations import activation, canonical
from bslint.memory.call import Call, UnknownError, elements
from bslint.memory.layers import row_of, weights
from bslint.memory.network import Step
from bslint.memory.scratch import Convolution, dense_kernel, summed, summed_eagerly
from bslint.memory.tape import Buffer, Primitive, Reuse, Scratch, Tape

if TYPE_CHECKING:
    from bslint.memory.call import Weights
    from bslint.memory.network import Shape

# A recurrent loop of TensorFlow runs up to 32 steps ahead, each with its own gradient of the weights
# (`parallel_iterations` of `tf.while_loop`); not on a GPU, where cuDNN runs it.
PARALLEL_ITERATIONS = 32
# Elements kept per time step and unit by a recurrent loop: the gates, the states and their activations.
KEPT = {"LSTM": 5, "GRU": 4, "SimpleRNN": 2}

# The same for a sequence that it returns: collected, transposed, and its gradient taken apart again.
SEQUENCES = 3


class Tensor(NamedTuple):
    """A tensor of the step: its memory and its shape per sample."""

    buffer: Buffer
    shape: Shape


class Work(msgspec.Struct):
    """One step being lowered.

    Args:
        tape: where its operations go.
        call: its arguments and input shapes.
        weights: its weights.
        inputs: what flows in.
        width: bytes of an element.
        trainable: whether its weights are trained.
        gpu: whether it runs on a GPU.
    """

    tape: Tape
    call: Call
    weights: Weights
    inputs: Sequence[Tensor]
    width: int
    trainable: bool
    gpu: bool

    def size(self, place: int = 0) -> int:
        """Elements of an input."""
        return elements(self.inputs[place].shape)

    def run(self, primitive: Primitive, *inputs: Buffer) -> Buffer:
        """Record an operation; without inputs given, on the first input of the step."""
        return self.tape.run(primitive, inputs or (self.inputs[0].buffer,), self.width, trainable=self.trainable)

    def activate(self, buffer: Buffer, size: int, default: object = None) -> Buffer:
        """Apply the activation that the layer's arguments name."""
        name = canonical(self.call.get("activation", default))
        if name is None:
            raise UnknownError("activation")
        primitive = activation(name, size)
        return buffer if primitive is None else self.run(primitive, buffer)

    def bias(self, buffer: Buffer, size: int, default: bool = True) -> Buffer:
        """Add the bias, in place."""
        if not self.call.flag("use_bias", default):
            return buffer
        shape = self.weights.trained[-1] if self.weights.trained else ()
        return self.run(Primitive(size, backward="alias", weights=(elements(shape),), eager="i"), buffer)

    def kernel(self, place: int = 0) -> int:
        """Elements of one of the weights."""
        return elements(self.weights.trained[place])


Lowering: TypeAlias = Callable[[Work, int], Buffer]


def _dense(work: Work, size: int) -> Buffer:
    x = work.run(Primitive(size, "w", forward="new", backward="new", weights=(work.kernel(),)))
    return work.activate(work.bias(x, size), size)


def _einsum(work: Work, size: int) -> Buffer:
    x = work.run(Primitive(size, "w", forward="new", backward="new", weights=(work.kernel(),)))
    if work.call.get("bias_axes"):
        bias = Primitive(size, backward="alias", weights=(work.kernel(1),), eager="i")
        x = work.run(bias, x)
    return work.activate(x, size)


def _convolution(work: Work, size: int) -> Buffer:
    shape = work.weights.trained[0]
    filters = work.call.whole("filters")
    window = math.prod(length for length in shape[:-1] if length is not None)
    scratch = Convolution(size // filters, window, filters, work.size(), len(shape) - 2)
    small = all(length == 1 for length in shape[:-2])  # a 1×1 convolution is a matrix product
    kernels: tuple[Scratch | None, Scratch | None, Scratch | None]
    kernels = (None, scratch.weights, None if small else scratch.input)
    groups = work.call.whole("groups", 1)
    if groups > 1:
        kernels = (None, dense_kernel(work.kernel(), groups), None)
    x = work.run(
        Primitive(size, "w", forward="new", backward="new", weights=(work.kernel(),), scratch=kernels, late=True)
    )
    return work.activate(work.bias(x, size), size)


def _transposed(work: Work, size: int) -> Buffer:
    shape = work.weights.trained[0]
    channels = int(shape[-1] or 0)
    window = math.prod(length for length in shape[:-1] if length is not None)
    scratch = Convolution(work.size() // channels, window, channels, size, len(shape) - 2)
    # its forward pass is a convolution's gradient of the input
    kernels = (scratch.input, scratch.weights, None)
    x = work.run(
        Primitive(size, "w", forward="new", backward="new", weights=(work.kernel(),), scratch=kernels, late=True)
    )
    return work.activate(work.bias(x, size), size)


def _depthwise(work: Work, size: int) -> Buffer:
    x = work.run(Primitive(size, "w", forward="new", backward="new", weights=(work.kernel(),)))
    return work.activate(work.bias(x, size), size)


def _separable(work: Work, size: int) -> Buffer:
    places, multiplier = size // work.call.whole("filters"), work.call.whole("depth_multiplier", 1)
    middle = places * multiplier * work.kernel() // multiplier // math.prod(_window(work.weights.trained[0]))
    x = work.run(Primitive(middle, "w", forward="new", backward="new", weights=(work.kernel(),)))
    x = work.run(Primitive(size, "w", forward="new", backward="new", weights=(work.kernel(1),)), x)
    return work.activate(work.bias(x, size), size)


def _window(shape: Shape) -> list[int]:
    return [length for length in shape[:-2] if length is not None]


def _embedding(work: Work, size: int) -> Buffer:
    table = work.weights.trained[0]
    # the gradient is the rows that were read, as many as the batch has tokens, until the optimizer spreads them
    return work.run(Primitive(size, forward="new", backward="new", weights=(elements(table),), rows=size))


def _batch_normalization(work: Work, size: int) -> Buffer:
    trained = tuple(elements(shape) for shape in work.weights.trained)
    if not work.trainable:
        return work.run(Primitive(size, forward="reuse"))
    return _normalized(work, size, trained, temporaries=(1, 5), eager_extra=1)


def _layer_normalization(work: Work, size: int) -> Buffer:
    trained = tuple(elements(shape) for shape in work.weights.trained)
    scaled = size if work.call.flag("scale", True) and work.call.kind == "LayerNormalization" else 0
    return _normalized(work, size, trained, extra=scaled, temporaries=(1, 4), eager_extra=3)


def _normalized(
    work: Work, size: int, trained: tuple[int, ...], *, extra: int = 0, temporaries: tuple[int, int], eager_extra: int
) -> Buffer:
    """A normalisation: it reads its input again in the backward pass, in float32 whatever the policy."""
    wide = 1 if work.tape.jit else 4 // work.width  # XLA widens elements as it reads them
    x = work.inputs[0].buffer
    if wide > 1:
        x = work.tape.run(Primitive(size, forward="new", backward="new"), (x,), 4, trainable=work.trainable)
    forward, backward = temporaries
    y = work.tape.run(
        Primitive(
            size,
            "i",
            extra=extra,
            forward="new",
            backward="reuse",
            temporaries=(forward * size, backward * size),
            weights=trained,
            eager_extra=eager_extra * size,
        ),
        (x,),
        4 if wide > 1 else work.width,
        trainable=work.trainable,
    )
    return work.run(Primitive(size, forward="new", backward="new"), y) if wide > 1 else y


def _activation(work: Work, size: int) -> Buffer:
    return work.activate(work.inputs[0].buffer, size)


def _named(name: str) -> Lowering:
    def lower(work: Work, size: int) -> Buffer:
        primitive = activation(name, size)
        return work.inputs[0].buffer if primitive is None else work.run(primitive)

    return lower


def _relu(work: Work, size: int) -> Buffer:
    slope = work.call.get("negative_slope", work.call.get("alpha", 0.0))
    if slope:
        return work.run(Primitive(size, "i"))
    if work.call.get("max_value") not in {None, 6}:
        return work.run(Primitive(size, "o", extra=size))
    return work.run(Primitive(size, "o"))


def _prelu(work: Work, size: int) -> Buffer:
    return work.run(Primitive(size, "", extra=2 * size, weights=(work.kernel(),)))


def _dropout(work: Work, size: int) -> Buffer:
    if not work.call.get("rate"):
        return work.inputs[0].buffer
    return work.run(Primitive(size, bits=size))


def _noise(work: Work, size: int) -> Buffer:
    return work.run(Primitive(size, extra=size))


def _alias(work: Work, size: int) -> Buffer:
    return work.inputs[0].buffer


def _copy(work: Work, size: int) -> Buffer:
    return work.run(Primitive(size, forward="new", backward="new"))


def _elementwise(work: Work, size: int) -> Buffer:
    return work.run(Primitive(size, eager="i"))


def _max_pooling(work: Work, size: int) -> Buffer:
    # on a CPU the gradient's kernel finds the places again: their numbers in 64 bits, and the output
    places = size * 3 * work.width
    scratch = (None, None, lambda batch: places * batch)
    return work.run(Primitive(size, "io", forward="new", backward="new", scratch=scratch))


def _maximum(work: Work, size: int) -> Buffer:
    """A maximum over axes; where it was found is written down in the forward pass: no gradient is needed for that."""
    return work.run(Primitive(size, "io", extra=work.size(), forward="new", backward="new", eager_extra=-work.size()))


def _saving_input(work: Work, size: int) -> Buffer:
    return work.run(Primitive(size, "i", forward="new", backward="new"))


def _upsampling(work: Work, size: int) -> Buffer:
    if work.call.get("interpolation", "nearest") == "nearest":
        return work.run(Primitive(size, forward="new", backward="new", temporaries=(size / 2, size / 2)))
    return _saving_input(work, size)


def _merged(work: Work, size: int, saves: str) -> Buffer:
    total = work.inputs[0]
    for other in work.inputs[1:]:
        both = max(elements(total.shape), elements(other.shape))
        # what is broadcast is expanded only in the product
        first, second = (other, total) if elements(other.shape) > elements(total.shape) else (total, other)
        passing: Reuse = "reuse" if saves else "alias"
        primitive = Primitive(both, saves, backward=passing, eager="i" if not saves else None)
        joined = work.run(primitive, first.buffer, second.buffer)
        total = Tensor(joined, first.shape)
    return total.buffer if len(work.inputs) > 1 else _elementwise(work, size)


def _sum(work: Work, size: int) -> Buffer:
    return _merged(work, size, "")


def _product(work: Work, size: int) -> Buffer:
    return _merged(work, size, "i")


def _concatenation(work: Work, size: int) -> Buffer:
    buffers = [tensor.buffer for tensor in work.inputs]
    return work.tape.run(Primitive(size, forward="new", backward="new", eager="i"), buffers, work.width)


def _matmul(work: Work, size: int) -> Buffer:
    buffers = [tensor.buffer for tensor in work.inputs]
    return work.tape.run(Primitive(size, "i", forward="new", backward="new"), buffers, work.width)


def _attention(work: Work, query: Buffer, key: Buffer, value: Buffer, heads: int, shapes: Sequence[Any]) -> Buffer:
    """Scores, softmax, dropout and the weighted sum of projected tensors."""
    (length, depth), (other, _) = shapes
    scores, context = heads * length * other, heads * length * depth
    run = work.run
    x = run(Primitive(scores, "i", forward="new", backward="new"), query, key)
    # without dropout the scale comes after the product of query and key, and the optimised graph computes
    # probabilities × scale, which the gradient needs, already in the forward pass
    dropped = bool(work.call.get("dropout", 0.0))
    kept = 0 if work.tape.eager or dropped else scores
    x = run(Primitive(scores, "o", extra=kept, temporaries=(0, scores)), x)
    if dropped:
        x = run(Primitive(scores, bits=scores), x)
    return run(Primitive(context, "i", forward="new", backward="new"), x, value)


def _many_heads(work: Work, size: int) -> Buffer:
    call = work.call
    query, value = work.inputs[0], work.inputs[1] if len(work.inputs) > 1 else work.inputs[0]
    key = work.inputs[2] if len(work.inputs) > 2 else value
    grouped = call.kind == "GroupedQueryAttention"
    heads = call.whole("num_query_heads" if grouped else "num_heads")
    width = call.whole("head_dim" if grouped else "key_dim")
    depth = width if call.get("value_dim") is None else call.whole("value_dim")
    if call.flag("use_gate") or len(query.shape) != 2:
        raise UnknownError
    kernels = [elements(shape) for shape in work.weights.trained if len(shape) >= 3 or not call.flag("use_bias", True)]
    biased = call.flag("use_bias", True)
    projected = []
    for place, (tensor, channels) in enumerate(((query, width), (key, width), (value, depth))):
        count = elements(tensor.shape[:-1]) * heads * channels
        x = work.run(
            Primitive(count, "w", forward="new", backward="new", weights=(kernels[min(place, len(kernels) - 1)],)),
            tensor.buffer,
        )
        if biased:
            x = work.run(Primitive(count, backward="alias", weights=(heads * channels,), eager="i"), x)
        projected.append(x)
    lengths = (elements(query.shape[:-1]), depth), (elements(value.shape[:-1]), depth)
    x = _attention(work, projected[0], projected[1], projected[2], heads, lengths)
    x = work.run(Primitive(size, "w", forward="new", backward="new", weights=(kernels[-1],)), x)
    if biased:
        x = work.run(Primitive(size, backward="alias", weights=(elements(work.weights.trained[-1]),), eager="i"), x)
    return x


def _plain_attention(work: Work, size: int) -> Buffer:
    query, value = work.inputs[0], work.inputs[1] if len(work.inputs) > 1 else work.inputs[0]
    key = work.inputs[2] if len(work.inputs) > 2 else value
    lengths = (
        (elements(query.shape[:-1]), int(value.shape[-1] or 0)),
        (elements(value.shape[:-1]), int(value.shape[-1] or 0)),
    )
    if work.call.kind == "AdditiveAttention":
        total = lengths[0][0] * lengths[1][0] * elements(query.shape[-1:])
        x = work.run(Primitive(total, "o", extra=total, forward="new", backward="new"), query.buffer, key.buffer)
        x = work.run(Primitive(lengths[0][0] * lengths[1][0], "o", forward="new", backward="new"), x)
        return work.run(Primitive(size, "i", forward="new", backward="new"), x, value.buffer)
    return _attention(work, query.buffer, key.buffer, value.buffer, 1, lengths)


def _recurrent(work: Work, size: int) -> Buffer:
    step = Step(kind=work.call.kind, config=work.call.config)
    length = elements(work.inputs[0].shape[:1])
    return _loop(work, size, recurrent.cells(step), length, 1)


def _loop(work: Work, size: int, cells: Sequence[tuple[str, dict[str, Any]]], length: int, directions: int) -> Buffer:
    """A loop over time: all of its steps' gates and states are kept, and the sequence before and after transposing."""
    kept = 0
    for kind, config in cells:
        if kind not in KEPT:
            raise UnknownError
        steps = KEPT[kind] + (SEQUENCES if config.get("return_sequences") else 0)
        kept += steps * length * Call(kind, config, ()).whole("units")
    trained = tuple(elements(shape) for shape in work.weights.trained)
    # XLA keeps the gradient of the weights of each time step
    steps = length if work.tape.jit else 0 if work.gpu else PARALLEL_ITERATIONS
    carried = steps * sum(trained)
    return work.run(
        Primitive(
            size,
            "",
            extra=round(work.tape.loops * (directions * kept + work.size())),
            forward="new",
            backward="new",
            weights=trained,
            fixed=carried,
        )
    )


def _bidirectional(work: Work, size: int) -> Buffer:
    inner = work.call.nested("layer")
    kind = row_of(inner.kind)[1]
    if kind not in KEPT:
        raise UnknownError
    length = elements(work.inputs[0].shape[:1])
    outputs = _loop(work, size, recurrent.cells(inner), length, 2)
    return (
        outputs
        if work.call.get("merge_mode", "concat") != "concat"
        else work.run(Primitive(size, forward="new", backward="new"), outputs)
    )


def _convolutional_recurrent(work: Work, size: int) -> Buffer:
    length = elements(work.inputs[0].shape[:1])
    state = size // length if work.call.flag("return_sequences") else size
    trained = tuple(elements(shape) for shape in work.weights.trained)
    return work.run(
        Primitive(
            size,
            "",
            # gates, products, the states and their activation
            extra=8 * length * state + 2 * work.size(),
            forward="new",
            backward="new",
            weights=trained,
            fixed=PARALLEL_ITERATIONS * sum(trained),
        )
    )


def _distributed(work: Work, size: int) -> Buffer:
    """The layer on a batch that is as many times larger as there are time steps."""
    inner = work.call.nested("layer")
    length = elements(work.inputs[0].shape[:1])
    shape = work.inputs[0].shape[1:]
    row, name = row_of(inner.kind)
    call = Call(name, inner.config, (shape,))
    lower = LOWERINGS.get(name)
    if lower is None:
        raise UnknownError
    output = row.shape(call)
    if isinstance(output, list):
        raise UnknownError
    found = row.weights(call)
    # Keras calls the layer once for each time step: the gradient of each slice is as large as the whole sequence
    slices = Primitive(work.size(), forward="new", backward="new")
    every = length * work.size()
    if work.tape.eager:
        slices = slices._replace(scratch=(None, None, summed_eagerly(every * work.width)))
    elif not work.tape.jit and work.gpu:
        slices = slices._replace(temporaries=(0, every))
    elif not work.tape.jit:
        slices = slices._replace(scratch=(None, None, summed(every * work.width)))
    unrolled = Tensor(work.run(slices), shape)
    # per sample of the outer batch everything is `length` times as large: a wider element does the same arithmetic
    scaled = Work(work.tape, call, found, [unrolled], work.width * length, work.trainable, work.gpu)
    return lower(scaled, elements(output))


def _spectral(work: Work, size: int) -> Buffer:
    inner = work.call.nested("layer")
    row, name = row_of(inner.kind)
    call = Call(name, inner.config, work.call.inputs)
    lower = LOWERINGS.get(name)
    if lower is None:
        raise UnknownError
    return lower(Work(work.tape, call, row.weights(call), work.inputs, work.width, work.trainable, work.gpu), size)


def _scale(work: Work, size: int) -> Buffer:
    return work.run(
        Primitive(
            size,
            "i" if work.trainable and work.weights.trained else "",
            weights=tuple(elements(s) for s in work.weights.trained),
        )
    )


LOWERINGS: dict[str, Lowering] = {
    "Dense": _dense,
    "EinsumDense": _einsum,
    "Embedding": _embedding,
    "ReversibleEmbedding": _embedding,
    **{f"Conv{rank}D": _convolution for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _transposed for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _depthwise for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _separable for rank in (1, 2)},
    "BatchNormalization": _batch_normalization,
    "SyncBatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "GroupNormalization": _layer_normalization,
    "RMSNormalization": _layer_normalization,
    "UnitNormalization": _layer_normalization,
    "Activation": _activation,
    "ReLU": _relu,
    "ThresholdedReLU": _saving_input,
    "LeakyReLU": _named("leaky_relu"),
    "ELU": _named("elu"),
    "Softmax": _named("softmax"),
    "PReLU": _prelu,
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _dropout),
    **dict.fromkeys(("AlphaDropout", "GaussianDropout"), _noise),
    "GaussianNoise": _elementwise,
    **dict.fromkeys(("Identity", "ActivityRegularization", "Flatten", "Reshape", "StochasticDepth"), _alias),
    **dict.fromkeys(("Masking", "Rescaling", "Normalization"), _elementwise),
    **dict.fromkeys(("Permute", "RepeatVector"), _copy),
    **{f"ZeroPadding{rank}D": _copy for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _copy for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _upsampling for rank in (1, 2, 3)},
    **{f"MaxPooling{rank}D": _max_pooling for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": _copy for rank in (1, 2, 3)},
    **{f"Adaptive{what}Pooling{rank}D": _max_pooling for rank in (1, 2, 3) for what in ("Max", "Average")},
    **{f"GlobalAveragePooling{rank}D": _copy for rank in (1, 2, 3)},
    **{f"GlobalMaxPooling{rank}D": _maximum for rank in (1, 2, 3)},
    **dict.fromkeys(("Add", "Subtract", "Average", "CustomScaleLayer"), _sum),
    **dict.fromkeys(("Multiply", "Maximum", "Minimum"), _product),
    "Concatenate": _concatenation,
    "Dot": _matmul,
    **dict.fromkeys(("MultiHeadAttention", "GroupedQueryAttention"), _many_heads),
    **dict.fromkeys(("Attention", "AdditiveAttention"), _plain_attention),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "RNN"), _recurrent),
    "Bidirectional": _bidirectional,
    **{f"ConvLSTM{rank}D": _convolutional_recurrent for rank in (1, 2, 3)},
    "TimeDistributed": _distributed,
    "SpectralNormalization": _spectral,
    "LayerScale": _scale,
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), _copy),
    **dict.fromkeys(
        "RandomBrightness RandomContrast RandomFlip RandomRotation RandomTranslation RandomZoom RandomShear".split(),
        _copy,
    ),
    **dict.fromkeys(
        "CategoryEncoding Discretization Hashing IntegerLookup StringLookup TextVectorization".split(), _copy
    ),
}
FUNCTIONS: dict[str, Lowering] = {
    **dict.fromkeys("+ - add add_n bias_add subtract sub".split(), _sum),
    **dict.fromkeys(
        "* / ** multiply mul divide div divide_no_nan true_divide maximum minimum pow power squared_difference".split(),
        _product,
    ),
    **dict.fromkeys("@ matmul einsum".split(), _matmul),
    **dict.fromkeys("concat concatenate stack".split(), _concatenation),
    **dict.fromkeys(
        "reshape flatten batch_flatten expand_dims squeeze identity convert_to_tensor stop_gradient".split(), _alias
    ),
    **dict.fromkeys(
        "transpose permute_dimensions [] slice pad tile broadcast_to repeat one_hot reduce_mean reduce_sum mean sum "
        "cast split split_v unstack unbind flip reverse roll random_flip_left_right random_flip_up_down argmax "
        "argmin".split(),
        _copy,
    ),
    **dict.fromkeys(
        "reduce_max reduce_min max min amax amin reduce_std reduce_variance std var reduce_logsumexp logsumexp resize "
        "resize_bilinear".split(),
        _saving_input,
    ),
    **dict.fromkeys(
        "negative abs square log log1p sin cos clip clip_by_value erf normalize l2_normalize".split(), _saving_input
    ),
    **dict.fromkeys("exp expm1 sqrt rsqrt".split(), _named("exponential")),
    **dict.fromkeys("dropout experimental_dropout".split(), _dropout),
    **{
        name: _named(name)
        for name in (
            "relu relu6 elu selu celu sigmoid tanh softmax log_softmax leaky_relu softplus "
            "softsign silu gelu hard_sigmoid hard_silu mish hard_tanh tanh_shrink log_sigmoid exponential"
        ).split()
    },
    "swish": _named("silu"),
    "hard_swish": _named("hard_silu"),
    "linear": _alias,
    "scale": _elementwise,
}


def lower(tape: Tape, step: Step, inputs: Sequence[Tensor], shape: Shape, width: int, *, gpu: bool) -> Buffer:
    """Add a step's forward pass to the tape; the tape adds the backward pass later.

    Args:
        tape: where the operations go.
        step: the step.
        inputs: what flows in.
        shape: the shape of its output per sample.
        width: bytes of an element of its activations.
        gpu: whether it runs on a GPU.

    Returns:
        The buffer of its output.

    Raises:
        UnknownError: what it does is not known.
    """
    _, name = row_of(step.kind)
    module = step.kind.rpartition(".")[0]
    table = LOWERINGS if module.startswith(("keras.layers", "keras.applications")) else FUNCTIONS
    found = weights(step, [tensor.shape for tensor in inputs])
    function = table.get(name)
    if function is None or found is None:
        raise UnknownError(step.kind)
    call = Call(name, step.config, tuple(tensor.shape for tensor in inputs))
    work = Work(tape, call, found, inputs, width, step.trainable, gpu)
    return function(work, elements(shape))
