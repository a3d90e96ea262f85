"""What TensorFlow's kernels do: which run in place, what scratch they need, about how long they take. In the child."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bslint.memory.scratch import Convolution

if TYPE_CHECKING:
    from bslint.verify.graph import Graph, Node

# Their results are their inputs.
ALIASES = frozenset(
    "Identity Reshape Squeeze ExpandDims StopGradient PreventGradient IdentityN Snapshot EnsureShape Bitcast "
    "CheckNumerics Enter Exit NextIteration Switch Merge "
    # sums of many tensors are rewritten into additions to a temporary variable
    "Assign AssignAdd AssignSub DestroyTemporaryVariable".split()
)
_BINARY = (
    "Add AddV2 Sub Mul RealDiv Div DivNoNan Maximum Minimum Pow SquaredDifference FloorMod FloorDiv MulNoNan "
    "ReluGrad Relu6Grad EluGrad SeluGrad LeakyReluGrad SigmoidGrad SqrtGrad RsqrtGrad ReciprocalGrad SoftplusGrad "
    "SoftsignGrad TanhGrad LogicalAnd LogicalOr".split()
)
_UNARY = (
    "Relu Relu6 Elu Selu LeakyRelu Sigmoid Tanh Exp Expm1 Log Log1p Sqrt Rsqrt Square Neg Abs Erf Erfc "
    "Reciprocal Inv Sign Floor Ceil Round Softplus Softsign Softmax LogSoftmax Sin Cos BiasAdd Cast ClipByValue "
    "FusedBatchNormV3 FusedBatchNormGradV3 _UnaryOpsComposition "
    "TensorScatterUpdate TensorListPushBack TensorListSetItem ZerosLike OnesLike LogicalNot".split()
)
# Operation: which of its outputs may take over the buffer of one of which inputs.
IN_PLACE: dict[str, tuple[int, tuple[int, ...]]] = {
    **dict.fromkeys(_BINARY, (0, (0, 1))),
    **dict.fromkeys(_UNARY, (0, (0,))),
    **dict.fromkeys(("SparseSoftmaxCrossEntropyWithLogits", "SoftmaxCrossEntropyWithLogits"), (1, (0,))),
    "AddN": (0, tuple(range(64))),
    "SelectV2": (0, (1, 2)),
    "Select": (0, (1, 2)),
}
# They make lists whose elements take as much as what they are given.
LISTS = frozenset(("TensorListFromTensor", "ZerosLike"))
# The executor runs these at once, in the thread that made them ready.
CHEAP = ALIASES - {"Snapshot", "CheckNumerics", "Assign", "AssignAdd", "AssignSub"} | frozenset(
    "Const NoOp Placeholder VarHandleOp _Arg _Retval Shape ShapeN Rank Size BroadcastGradientArgs BroadcastArgs "
    "ConcatOffset StridedSlice InvertPermutation LoopCond ControlTrigger".split()
)
# Nanoseconds of any operation, of a byte that is read or written, of a multiplication with its addition: MEASURED on
# two cores. Only their proportions count: they say which of two threads is done first.
_CALL, _BYTE, _PRODUCT = 3000.0, 0.15, 0.09
_BYTES = {"Mean": 0.4, "Sum": 0.4, "MaxPoolGrad": 1.5}
_PRODUCTS = {"Conv2D": 0.045, "Conv2DBackpropInput": 0.1, "Conv2DBackpropFilter": 0.15}


def seconds(node: Node) -> float:
    """About how long an operation takes; only the proportions count."""
    moved = sum(tensor.size or 0 for tensor in (*node.inputs, *node.outputs))
    return _CALL + _BYTES.get(node.kind, _BYTE) * moved + _PRODUCTS.get(node.kind, _PRODUCT) * _products(node)


def _products(node: Node) -> float:
    kind = node.kind
    if not node.outputs or None in (tensor.shape for tensor in (*node.inputs, node.outputs[0])):
        return 0
    if kind in {"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum", "_FusedMatMul"}:
        left, right, result = (_length(one) for one in (node.inputs[0], node.inputs[1], node.outputs[0]))
        return result * math.sqrt(left * right / max(result, 1))
    if "Conv" in kind and len(node.inputs) > 1:
        kernel = node.outputs[0] if "BackpropFilter" in kind else node.inputs[1]
        image = node.inputs[2] if "Backprop" in kind and len(node.inputs) > 2 else node.outputs[0]
        channels = (kernel.shape or (1,))[-1]
        return _length(image) * _length(kernel) / max(channels, 1)
    return 0


def _length(tensor: object) -> int:
    return math.prod(getattr(tensor, "shape", None) or ())


def scratch(node: Node, last_cache: int) -> int:
    """Bytes that a CPU's kernel allocates while it runs.

    Args:
        node: the operation.
        last_cache: bytes of the processor's last cache; 0 where that is not known.
    """
    if node.kind == "MaxPoolGrad":  # the maxima once more, and the places of them as int64
        return 12 * _length(node.inputs[1])
    if not node.kind.startswith(("Conv2DBackprop", "Conv3DBackprop")):
        return 0
    of_weights = "Filter" in node.kind
    weights = (node.outputs[0] if of_weights else node.inputs[1]).shape
    image = (node.inputs[0] if of_weights else node.outputs[0]).shape
    gradient = node.inputs[2].shape
    if weights is None or image is None or gradient is None or math.prod(weights[:-2]) == 1:
        return 0
    convolution = Convolution(
        places=math.prod(gradient[1:-1]),
        window=math.prod(weights[:-1]),
        channels=gradient[-1],
        image=math.prod(image[1:]),
        rank=len(image) - 2,
        last_cache=last_cache // 4,
    )
    return (convolution.weights if of_weights else convolution.input)(image[0])


def compiled_scratch(body: Graph) -> int:
    """Bytes that a function compiled by XLA, as Keras has them for grouped convolutions, needs while it runs on a CPU.

    The gradient of a grouped kernel is computed as that of a dense one, which is then masked.
    """
    found = 0
    for node in body.nodes:
        if node.kind == "Conv2DBackpropFilter" and node.inputs[0].shape and node.outputs[0].shape:
            groups = node.inputs[0].shape[-1] // node.outputs[0].shape[2]
            dense = 4 * _length(node.outputs[0]) * groups
            found = max(found, dense + max(dense, 4 * _length(node.inputs[2])) if groups > 1 else 0)
    return found
