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
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="parapet")

    def _read(self) -> str:
        words = self._table("words.weight", "ids")
        types = self._table("types.weight", "types")
        length = self._node("Shape", ["ids"], start=1, end=2)
        places = self._node(
            "Slice", [self._whole("positions.weight"), self._constant([0]), length, self._constant([0])]
        )
        added = self._node("Add", [self._node("Add", [words, places]), types])
        # From here on one row is one token, of whatever text.
        rows = self._constant([-1, self._network.shape.width])
        return self._node("Reshape", [self._norm(added, "norm"), rows])

    def _layer(self, states: str, name: str) -> str:
        seen = self._attention(states, name)
        states = self._skip_norm(self._linear(seen, name + "joined"), states, name + "first_norm")
        # Its tangent is within a thousandth of the exact one, and a quarter cheaper.
        up = self._node("FastGelu", [self._linear(states, name + "up")], domain=_CONTRIB)
        return self._skip_norm(self._linear(up, name + "down"), states, name + "second_norm")

    def _attention(self, states: str, name: str) -> str:
        """Let tokens look at those of their own text; written out, as the fused operator is slower on a CPU."""
        shape = self._network.shape
        size = shape.width // shape.heads
        integers, weight = self._integers(states, name + "attended")
        thirds = zip(np.split(weight, 3), np.split(self._weights[name + "attended.bias"], 3), strict=True)
        parts = [
            self._product(integers, f"{name}attended.{third}", *each) for third, each in enumerate(thirds)
        ]
        query, key, value = (
            self._node(
                "Transpose",
                [self._node("Reshape", [part, self._sizes([shape.heads, size])])],
                perm=[0, 2, 1, 3],
            )
            for part in parts
        )
        scores = self._node("FusedMatMul", [query, key], domain=_CONTRIB, transB=1, alpha=size**-0.5)
        shares = self._shares(scores, name)
        seen = self._node("Transpose", [self._node("MatMul", [shares, value])], perm=[0, 2, 1, 3])
        return self._node("Reshape", [seen, self._constant([-1, shape.width])])

    def _shares(self, scores: str, name: str) -> str:
        """Return how much each token takes of each other one; padding is hidden only where there is any."""
        plain, seen, hidden = (f"{name}{part}" for part in ("shares_of_all", "shares_of_tokens", "hidden"))
        alone = [helper.make_node("Softmax", [scores], [plain], axis=-1)]
        padded = [
            helper.make_node("Add", [scores, self._hidden()], [hidden]),
            helper.make_node("Softmax", [hidden], [seen], axis=-1),
        ]
        branches = {
            branch: helper.make_graph(
                nodes, out, [], [helper.make_tensor_value_info(out, TensorProto.FLOAT, None)]
            )
            for branch, nodes, out in (("then_branch", alone, plain), ("else_branch", padded, seen))
        }
        return self._node("If", [self._is_full()], **branches)

    def _heads(self, states: str) -> None:
        states = self._in_texts(states)
        self._linear(states, "token_head", out="tokens")
        there = self._node(
            "Unsqueeze", [self._node("Cast", ["mask"], to=TensorProto.FLOAT), self._constant([2])]
        )
        total = self._node("ReduceSum", [there, self._constant([1])], keepdims=0)
        kept = self._node("Mul", [states, there])
        mean = self._node("Div", [self._node("ReduceSum", [kept, self._constant([1])], keepdims=0), total])
        below = self._node("Unsqueeze", [self._below(), self._constant([2])])
        greatest = self._node(
            "ReduceMax", [self._node("Add", [states, below]), self._constant([1])], keepdims=0
        )
        first = self._node("Gather", [states, self._store("zero", np.array(0, np.int64))], axis=1)
        whole = self._node("Concat", [first, mean, greatest], axis=-1)
        self._linear(whole, "toxicity_head", out="toxicity")
        injection = self._linear(whole, "injection_head")
        self._node("Squeeze", [injection, self._constant([1])], out="injection")
        meaning = self._linear(mean, "embedding_head")
        size = self._node("ReduceL2", [meaning, self._constant([1])], keepdims=1)
        self._node("Div", [meaning, size], out="embedding")

    def _in_texts(self, states: str) -> str:
        """Return the states by text and token again."""
        return self._node("Reshape", [states, self._sizes([self._network.shape.width])])

    def _sizes(self, last: Sequence[int]) -> str:
        """Return the numbers of texts and tokens, and what else a shape ends with."""
        name = "sizes_" + "_".join(map(str, last))
        return self._once(
            name, "Concat", lambda: [self._node("Shape", ["ids"]), self._constant(last)], axis=0
        )

    def _is_full(self) -> str:
        """Return whether there is no padding."""
        return self._once(
            "is_full",
            "Cast",
            lambda: [self._node("ReduceMin", ["mask"], keepdims=0)],
            to=TensorProto.BOOL,
        )

    def _hidden(self) -> str:
        """Return what is added to the scores of padding, so that nobody looks at it."""
        return self._once("hidden", "Unsqueeze", lambda: [self._below(), self._constant([1, 2])])

    def _below(self) -> str:
        """Return nothing for tokens, and for padding a number far below all that occurs."""
        return self._once(
            "below",
            "Mul",
            lambda: [
                self._node("Sub", [self._node("Cast", ["mask"], to=TensorProto.FLOAT), self._scalar(1.0)]),
                self._scalar(1e4),
            ],
        )

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
