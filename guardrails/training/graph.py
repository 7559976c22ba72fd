"""The network as an ONNX graph, its large matrices in eight bits."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from guardrails.encoder.network import EPSILON, Network
from guardrails.training.quantizing import Range, evening, rows_of_eight_bits, steps_of

Array = NDArray[np.float32]
_CONTRIB = "com.microsoft"
_EVENED = {"attended": 0.7, "joined": 0.5, "up": 0.7, "down": 0.9}
"""How much of the difference in size between the features that enter a matrix moves into the matrix."""


def onnx_model(network: Network, entering: Mapping[str, Range]) -> onnx.ModelProto:
    """Return the graph: `ids`, `types` and `mask` in; `tokens`, `toxicity`, `injection` and `embedding` out.

    The matrices of the layers and the tables are stored as integers with a scale per row. What enters a matrix lies in a known
    range, so that it becomes integers by one division.
    """
    return _Graph(network, entering).model()


class _Graph:
    def __init__(self, network: Network, entering: Mapping[str, Range]) -> None:
        self._network = network
        self._weights = {
            name: tensor.detach().float().cpu().numpy().copy()
            for name, tensor in network.state_dict().items()
        }
        self._entering = dict(entering)
        self._nodes: list[onnx.NodeProto] = []
        self._stored: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        self._even_values()
        states = self._read()
        for index in range(self._network.shape.layers):
            states = self._layer(states, f"layers.{index}.")
        self._heads(states)
        graph = helper.make_graph(
            self._nodes,
            "guard encoder",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
                for name in ("ids", "types", "mask")
            ],
            [
                helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["batch", "length", None]),
                helper.make_tensor_value_info("toxicity", TensorProto.FLOAT, ["batch", None]),
                helper.make_tensor_value_info("injection", TensorProto.FLOAT, ["batch"]),
                helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", None]),
            ],
            list(self._stored.values()),
        )
        opsets = [helper.make_opsetid("", 23), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="parapet")

    def _read(self) -> str:
        words = self._table("words.weight", "ids")
        return self._norm(self._node("Add", [words, self._places()]), "norm")

    def _places(self) -> str:
        """Return what is added to each word for its place and its type: rows of one table, added up once when it is loaded."""
        shape = self._network.shape
        places = self._node("Unsqueeze", [self._whole("positions.weight"), self._constant([0])])
        types = self._node("Unsqueeze", [self._whole("types.weight"), self._constant([1])])
        table = self._node("Reshape", [self._node("Add", [places, types]), self._constant([-1, shape.width])])
        count = self._store("places", np.arange(shape.positions))
        length = self._node("Shape", ["ids"], start=1, end=2)
        place = self._node("Slice", [count, self._constant([0]), length, self._constant([0])])
        of_type = self._node("Mul", ["types", self._constant([shape.positions])])
        return self._node("Gather", [table, self._node("Add", [of_type, place])])

    def _layer(self, states: str, name: str) -> str:
        seen = self._attention(states, name)
        states = self._skip_norm(self._linear(seen, name + "joined"), states, name + "first_norm")
        # Its tangent is within a thousandth of the exact one, and a quarter cheaper.
        up = self._node("FastGelu", [self._linear(states, name + "up")], domain=_CONTRIB)
        return self._skip_norm(self._linear(up, name + "down"), states, name + "second_norm")

    def _attention(self, states: str, name: str) -> str:
        """Let tokens look at those of their own text; padding is hidden only where there is any."""
        heads = self._network.shape.heads
        integers, weight = self._integers(states, name + "attended")
        thirds = zip(np.split(weight, 3), np.split(self._weights[name + "attended.bias"], 3), strict=True)
        parts = [
            self._product(integers, f"{name}attended.{third}", *each) for third, each in enumerate(thirds)
        ]
        branches = {}
        for branch, inputs in (("then_branch", parts), ("else_branch", [*parts, self._visible()])):
            out = f"{name}{branch}"
            # The operator of ONNX itself, as that of Microsoft is slower on a CPU.
            node = helper.make_node("Attention", inputs, [out], q_num_heads=heads, kv_num_heads=heads)
            seen = helper.make_tensor_value_info(out, TensorProto.FLOAT, None)
            branches[branch] = helper.make_graph([node], out, [], [seen])
        return self._node("If", [self._is_full()], **branches)

    def _heads(self, states: str) -> None:
        self._linear(states, "token_head", out="tokens")
        there = self._once("there", "Cast", lambda: ["mask"], to=TensorProto.FLOAT)
        total = self._node("ReduceSum", [there, self._constant([1])], keepdims=1)
        shares = self._node("Unsqueeze", [self._node("Div", [there, total]), self._constant([1])])
        mean = self._node("Squeeze", [self._node("MatMul", [shares, states]), self._constant([1])])
        greatest = self._node("ReduceMax", [self._visible_states(states), self._constant([1])], keepdims=0)
        first = self._node("Gather", [states, self._store("zero", np.array(0, np.int64))], axis=1)
        whole = self._node("Concat", [first, mean, greatest], axis=-1)
        self._linear(whole, "toxicity_head", out="toxicity")
        injection = self._linear(whole, "injection_head")
        self._node("Squeeze", [injection, self._constant([1])], out="injection")
        meaning = self._meaning(mean, "embedding_head.weight")
        size = self._node("ReduceL2", [meaning, self._constant([1])], keepdims=1)
        self._node("Div", [meaning, size], out="embedding")

    def _meaning(self, mean: str, name: str) -> str:
        """Multiply by the last matrix: what it adds to the mean is small, and so keeps its digits in the file's eight bits."""
        self._weights[name] = self._weights[name] - np.eye(self._network.shape.width, dtype=np.float32)
        return self._node("Gemm", [mean, self._whole(name), mean], transB=1)

    def _is_full(self) -> str:
        """Return whether there is no padding."""
        return self._once(
            "is_full",
            "Cast",
            lambda: [self._node("ReduceMin", ["mask"], keepdims=0)],
            to=TensorProto.BOOL,
        )

    def _visible(self) -> str:
        """Return for every token of a text whether it may look at each other one: at all but padding."""

        def inputs() -> list[str]:
            length = self._node("Shape", ["ids"], start=1, end=2)
            shape = self._node("Concat", [self._constant([1, 1]), length, self._constant([1])], axis=0)
            there = self._node("Cast", ["mask"], to=TensorProto.BOOL)
            return [self._node("Unsqueeze", [there, self._constant([1, 2])]), shape]

        return self._once("visible", "Expand", inputs)

    def _visible_states(self, states: str) -> str:
        """Return the states, those of padding so far below the others that none is the greatest."""
        below = self._node("Mul", [self._node("Sub", ["there", self._scalar(1.0)]), self._scalar(1e4)])
        return self._node("Add", [states, self._node("Unsqueeze", [below, self._constant([2])])])

    def _once(self, name: str, kind: str, inputs: Callable[[], list[str]], **attributes: Any) -> str:
        if name not in {output for node in self._nodes for output in node.output}:
            self._node(kind, inputs(), out=name, **attributes)
        return name

    def _linear(self, states: str, name: str, *, out: str = "") -> str:
        weight = self._weights[name + ".weight"]
        bias = self._weights.get(name + ".bias", np.zeros(weight.shape[0], np.float32))
        if name in self._entering:
            integers, weight = self._integers(states, name)
            return self._product(integers, name, weight, bias)
        product = self._node("MatMul", [states, self._store(name + ".weight", _by_column(weight))])
        return self._node("Add", [product, self._store(name + ".bias", bias)], out=out)

    def _integers(self, states: str, name: str) -> tuple[list[str], Array]:
        """Return what enters a matrix in eight bits, with its step and its zero; and the matrix, evened out."""
        weight, range_ = self._weights[name + ".weight"], self._entering[name]
        part = name.rpartition(".")[2]
        if part != "joined":
            factors = evening(weight, range_, share=_EVENED[part])
            states = self._node("Mul", [states, self._store(name + ".evened", 1 / factors)])
            weight, range_ = weight * factors, range_.divided(factors)
        steps = steps_of(range_)
        size = self._store(name + ".step", np.array(steps.size, np.float32))
        zero = self._store(name + ".zero", np.array(steps.zero, np.uint8))
        # The steps are the same for every text: what stands beside a token in a batch is of no matter.
        return [self._node("QuantizeLinear", [states, size, zero]), size, zero], weight

    def _product(self, entering: Sequence[str], name: str, weight: Array, bias: Array) -> str:
        integers, size, zero = entering
        whole, scales = rows_of_eight_bits(weight)
        stored = self._store(name + ".weight", _by_column(whole))
        scale, bias_ = self._store(name + ".scales", scales[:, 0]), self._store(name + ".bias", bias)
        inputs = [integers, stored, size, scale, zero, "", bias_]
        return self._node("MatMulIntegerToFloat", inputs, domain=_CONTRIB)

    def _even_values(self) -> None:
        """Even out what the heads of attention hand over, in the matrix that makes it."""
        for index in range(self._network.shape.layers):
            makes, takes = f"layers.{index}.attended", f"layers.{index}.joined"
            range_ = self._entering[takes]
            factors = evening(self._weights[takes + ".weight"], range_, share=_EVENED["joined"])
            values = slice(-self._network.shape.width, None)
            self._weights[makes + ".weight"][values] /= factors[:, None]
            self._weights[makes + ".bias"][values] /= factors
            self._weights[takes + ".weight"] *= factors
            self._entering[takes] = range_.divided(factors)

    def _table(self, name: str, index: str) -> str:
        whole, scales = rows_of_eight_bits(self._weights[name])
        row = self._node("Gather", [self._store(name, whole), index])
        scale = self._node("Gather", [self._store(name + ".scales", scales), index])
        return self._node("Mul", [self._node("Cast", [row], to=TensorProto.FLOAT), scale])

    def _whole(self, name: str) -> str:
        whole, scales = rows_of_eight_bits(self._weights[name])
        numbers = self._node("Cast", [self._store(name, whole)], to=TensorProto.FLOAT)
        return self._node("Mul", [numbers, self._store(name + ".scales", scales)])

    def _norm(self, states: str, name: str) -> str:
        gain, bias = self._kept(name + ".weight"), self._kept(name + ".bias")
        return self._node("LayerNormalization", [states, gain, bias], axis=-1, epsilon=EPSILON)

    def _skip_norm(self, states: str, skipped: str, name: str) -> str:
        return self._norm(self._node("Add", [states, skipped]), name)

    def _kept(self, name: str) -> str:
        return self._store(name, self._weights[name])

    def _constant(self, values: Sequence[int]) -> str:
        return self._store("constant_" + "_".join(map(str, values)), np.array(values, np.int64))

    def _scalar(self, value: float) -> str:
        return self._store(f"scalar_{value:g}", np.array(value, np.float32))

    def _store(self, name: str, array: NDArray[np.generic]) -> str:
        if name not in self._stored:
            self._stored[name] = numpy_helper.from_array(array, name)
        return name

    def _node(
        self, kind: str, inputs: Iterable[str], *, out: str = "", domain: str = "", **attributes: Any
    ) -> str:
        name = out or f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], domain=domain, **attributes))
        return name


def _by_column(matrix: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(matrix.T)
