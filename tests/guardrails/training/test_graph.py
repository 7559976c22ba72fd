"""The graph in eight bits, beside the network it was made from."""

import numpy as np
import pytest
import torch
from onnx import TensorProto

from guardrails.encoder.backends import eight_bits
from guardrails.encoder.network import Network
from guardrails.training.features import Featurizer
from guardrails.training.graph import onnx_model
from guardrails.training.quantizing import Range, evening, rows_of_eight_bits, steps_of
from guardrails.training.ranges import ranges
from tests.guardrails.encoder.small import TYPICAL, small_network, small_tokenizer

NAMES = ("tokens", "toxicity", "injection", "embedding")


def outsized(network: Network) -> Network:
    """Give two features far larger numbers than the others, as encoders come to have them."""
    weights = dict(network.named_parameters())
    with torch.no_grad():
        weights["layers.0.first_norm.weight"][3] = 25.0
        weights["layers.0.up.weight"][5] *= 20
    return network


def said(network: Network) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return what the graph and what the network says of some texts, head by head."""
    texts = list(Featurizer(small_tokenizer(), positions=256).features(TYPICAL, seed=0))
    graph = onnx_model(network, ranges(network, texts)).SerializeToString()
    session = eight_bits(graph)
    pairs = []
    for each in texts:
        ids, types = each.ids.astype(np.int64)[None], each.types.astype(np.int64)[None]
        mine = session.run(NAMES, {"ids": ids, "types": types, "mask": np.ones_like(ids)})
        with torch.inference_mode():
            theirs = network.eval()(*map(torch.from_numpy, (ids, types, np.ones_like(ids))))
        pairs += [(one, getattr(theirs, name).numpy()) for name, one in zip(NAMES, mine, strict=True)]
    return pairs


def test_eight_bits_say_nearly_what_the_network_says() -> None:
    assert all(np.abs(mine - theirs).max() < 0.05 for mine, theirs in said(small_network()))


def test_features_much_larger_than_others_leave_these_room() -> None:
    assert all(np.abs(mine - theirs).max() < 0.1 for mine, theirs in said(outsized(small_network())))


def test_padding_changes_nothing_in_what_is_said_of_a_text() -> None:
    network = small_network()
    texts = list(Featurizer(small_tokenizer(), positions=256).features(TYPICAL, seed=0))
    session = eight_bits(onnx_model(network, ranges(network, texts)).SerializeToString())
    ids = np.random.default_rng(0).integers(4, 60, (2, 20))
    types, mask = np.zeros_like(ids), np.ones_like(ids)
    types[0, 7:] = 1
    mask[0, 12:] = 0
    together = session.run(NAMES, {"ids": ids, "types": types, "mask": mask})
    alone = session.run(NAMES, {"ids": ids[:1, :12], "types": types[:1, :12], "mask": mask[:1, :12]})

    assert together[0][0, :12] == pytest.approx(alone[0][0], abs=1e-4)
    assert all(
        both[0] == pytest.approx(one[0], abs=1e-4) for both, one in zip(together[1:], alone[1:], strict=True)
    )


def test_all_large_matrices_are_stored_in_eight_bits() -> None:
    network = small_network()
    texts = list(Featurizer(small_tokenizer(), positions=256).features(TYPICAL, seed=0))
    stored = {tensor.name: tensor for tensor in onnx_model(network, ranges(network, texts)).graph.initializer}
    whole = {name for name, tensor in stored.items() if tensor.data_type == TensorProto.INT8}
    matrices = {name for name in network.state_dict() if name.endswith(".weight") and "norm" not in name} - {
        "layers.0.attended.weight"
    }

    assert whole == {
        *matrices - {"token_head.weight", "toxicity_head.weight", "injection_head.weight"},
        *(f"layers.0.attended.{third}.weight" for third in range(3)),
    }


def test_ranges_are_of_what_enters_each_matrix_of_each_layer() -> None:
    network = small_network()
    texts = list(Featurizer(small_tokenizer(), positions=256).features(TYPICAL, seed=0))
    found = ranges(network, texts)

    assert set(found) == {f"layers.0.{part}" for part in ("attended", "joined", "up", "down")}
    assert found["layers.0.down"].least.min() >= -0.18  # The least that a GELU gives.
    assert (found["layers.0.up"].least <= found["layers.0.up"].greatest).all()
    assert network.training


def test_steps_reach_from_the_least_to_the_greatest_value_and_hit_nothing_exactly() -> None:
    steps = steps_of(Range(np.array([-1.0, 0.5], np.float32), np.array([0.0, 4.0], np.float32)))

    assert steps.size == pytest.approx(5 / 255)
    assert steps.zero == 51


def test_steps_of_what_is_never_negative_begin_with_nothing() -> None:
    assert steps_of(Range(np.array([1.0], np.float32), np.array([2.0], np.float32))).zero == 0


def test_evening_changes_no_product() -> None:
    matrix = np.array([[1.0, -2.0], [0.5, 0.25]], np.float32)
    states = np.array([10.0, 0.1], np.float32)
    factors = evening(matrix, Range(-states, states), share=0.7)

    assert (matrix * factors) @ (states / factors) == pytest.approx(matrix @ states)
    assert np.abs(states / factors).max() < 10


def test_rows_become_integers_with_a_scale_each() -> None:
    whole, scales = rows_of_eight_bits(np.array([[127.0, -1.0], [0.0, 0.0]], np.float32))

    assert whole.tolist() == [[127, -1], [0, 0]]
    assert scales[:, 0].tolist() == [1.0, 1.0]
