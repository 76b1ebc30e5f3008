"""Turn models that are made on the spot: as small as can be, with the inputs and outputs of the real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper

RATE_HZ = 8000


def write_turn_model(path: Path, input_name: str = "input_features", bands: int = 80, *, bounded: bool = True) -> Path:
    """Write a model that takes a caller for finished if the last 200 ms have less in them than the whole.

    Args:
        path: where to.
        input_name: the real one's is the default.
        bands: mel bands it wants.
        bounded: the output is a probability; else it is any number.
    """
    numbers = {"from": [780], "to": [800], "axis": [2]}
    constants = [helper.make_tensor(name, TensorProto.INT64, [1], value) for name, value in numbers.items()]
    constants.append(helper.make_tensor("steepness", TensorProto.FLOAT, [1], [10.0 if bounded else 1e6]))
    nodes: list[NodeProto] = [
        helper.make_node("Slice", [input_name, "from", "to", "axis"], ["tail"]),
        helper.make_node("ReduceMean", ["tail"], ["tail_mean"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMean", [input_name], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Sub", ["mean", "tail_mean"], ["fall"]),
        helper.make_node("Mul", ["fall", "steepness"], ["steep"]),
        helper.make_node("Sigmoid" if bounded else "Identity", ["steep"], ["logits"]),
    ]
    wanted = helper.make_tensor_value_info(input_name, TensorProto.FLOAT, ["batch", bands, 800])
    given = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch"])
    graph = helper.make_graph(nodes, "turn", [wanted], [given], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def spoken(silence_ms: int, speech_ms: int = 2000) -> bytes:
    """Return noise in place of speech, and silence after it: s16le at 8 kHz."""
    speech = np.random.default_rng(7).normal(0, 4000, RATE_HZ * speech_ms // 1000).astype("<i2")
    return bytes(speech.tobytes()) + bytes(2 * RATE_HZ * silence_ms // 1000)
