"""Kokoro's network cut in two and made faster, without another training: the edits of its ONNX graph.

The network has two halves. The first, "prosody", turns phonemes into frames of 25 ms (what sounds in each,
its pitch and its energy) and takes 5 % of the time. The second, the decoder, turns frames into samples. Three
edits let the decoder render any stretch of frames by itself, several times as fast:

* It is cut off at the frames, so that silence is not rendered and the first half second can be heard at once.
* Its normalisations measure mean and variance over the whole clause, with which a stretch of it would sound
  different. They take constants instead, measured once a voice (``calibrator``): scale and shift.
* ONNX Runtime computes a convolution of bytes with a slow kernel. A convolution is a matrix product over
  shifted copies of its input; the weights are then a constant matrix of signed bytes, for which processors
  have instructions (VNNI, AMX). The whole numbers that come out are the same.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import NodeProto, TensorProto, helper

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.engine import open_session
from voicebot.speech.synthesis.onnxgraph import Graph, UnexpectedGraphError

# The tensors between the halves (hexgrad/Kokoro-82M as exported by onnx-community).
SOUNDS = "/encoder/MatMul_1_output_0"
"""What sounds: (1, 512, frames)."""
PITCH = "/encoder/Squeeze_output_0"
"""Pitch in Hz: (1, 2 * frames)."""
ENERGY = "/encoder/Squeeze_1_output_0"
"""Loudness, around -9 in silence and 0 to 10 in speech: (1, 2 * frames)."""

LENGTHS = "lengths"
"""How many frames each token takes: (tokens,). Made here, from the matrix that spreads tokens over frames."""

_EDITION = "1"  # of the edits below; part of the file names
_PROSODY_EDITION = "2"  # of the first half, whose file can be made anew without measuring the voices again
_FLOAT, _BYTES_SHIFT = TensorProto.FLOAT, 128
_FRAMES: list[tuple[str, int, list[int | str]]] = [
    (SOUNDS, _FLOAT, [1, 512, "frames"]),
    (PITCH, _FLOAT, [1, "half_frames"]),
    (ENERGY, _FLOAT, [1, "half_frames"]),
]
_STYLE: tuple[str, int, list[int | str]] = ("style", _FLOAT, [1, 256])
_SPEED: tuple[str, int, list[int | str]] = ("speed", _FLOAT, [1])
_TOKENS: tuple[str, int, list[int | str]] = ("tokens", TensorProto.INT64, [1, "tokens"])

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """The two halves as files.

    Attributes:
        prosody: tokens, style and speed to SOUNDS, PITCH, ENERGY and LENGTHS.
        decoder: those, and ``norms`` of them, to audio.
    """

    prosody: Path
    decoder: Path


@dataclass(frozen=True, slots=True)
class _Norm:
    """One normalisation: ``value`` less its mean, over its deviation, times ``gain``, plus ``offset``."""

    value: str
    result: str
    mean: str
    deviation: str
    gain: str
    offset: str
    scale: str
    shift: str


def split(model: Path, folder: Path) -> Parts | None:
    """Return the halves of a Kokoro model; made at the first call, which takes some seconds.

    Args:
        model: the model file.
        folder: where the halves are kept, named by the checksum of the model.

    Returns:
        None if the model is built differently; it can be run as it is.

    Raises:
        SynthesisError: the model cannot be read, or the halves not written.
    """
    try:
        digest = _checksum(model)
        exact = "m" if multiplies_bytes_exactly() else "c"
        stem = f"kokoro-{digest[:32]}-{_EDITION}{exact}"
        parts = Parts(folder / f"{stem}-prosody{_PROSODY_EDITION}.onnx", folder / f"{stem}-decoder.onnx")
        if not (parts.prosody.is_file() and parts.decoder.is_file()):
            graph = _edited(model, matrices=exact == "m")
            _add_lengths(graph)
            prosody = graph.part([_TOKENS, _STYLE, _SPEED], dict.fromkeys((SOUNDS, PITCH, ENERGY, LENGTHS), _FLOAT))
            folder.mkdir(parents=True, exist_ok=True)
            _write(parts.prosody, prosody)
            if not parts.decoder.is_file():
                _write(parts.decoder, _decoder(graph))
            (folder / f"{stem}-prosody.onnx").unlink(missing_ok=True)  # of the edition before
    except UnexpectedGraphError as error:
        logger.info("the Kokoro model is run in one piece, since %s", error)
        return None
    except OSError as error:
        raise SynthesisError(f"the Kokoro model cannot be prepared in {folder}: {error.strerror}") from error
    return parts


def calibrator(model: Path) -> tuple[bytes, list[str]]:
    """Return a network that measures the normalisations over a whole clause, and the names of its outputs.

    It takes frames and a style; its outputs are the decoder's inputs of the same names.

    Raises:
        UnexpectedGraphError: the model is built differently.
        OSError: the model cannot be read.
    """
    graph = _edited(model, matrices=multiplies_bytes_exactly())
    norms = _norms(graph)
    for norm in norms:
        graph.nodes += [
            helper.make_node("Div", [norm.gain, norm.deviation], [norm.scale]),
            helper.make_node("Mul", [norm.mean, norm.scale], [norm.shift + "/mean"]),
            helper.make_node("Sub", [norm.offset, norm.shift + "/mean"], [norm.shift]),
        ]
    names = [name for norm in norms for name in (norm.scale, norm.shift)]
    return graph.part([*_FRAMES, _STYLE], dict.fromkeys(names, _FLOAT)), names


def multiplies_bytes_exactly() -> bool:
    """Tell whether products of unsigned and signed bytes come out exact on this machine.

    x86 processors without VNNI add pairs of them in 16 bits, which overflow.
    """
    rows = np.full((1, 64), 255, np.uint8)
    columns = np.full((64, 16), 127, np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["rows", "columns"], ["sums"])],
        "bytes",
        [helper.make_tensor_value_info("rows", TensorProto.UINT8, [1, 64])],
        [helper.make_tensor_value_info("sums", TensorProto.INT32, None)],
        [helper.make_tensor("columns", TensorProto.INT8, [64, 16], columns.tobytes(), raw=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    sums = open_session(model.SerializeToString(), 1).run(None, {"rows": rows})[0]
    return bool(np.all(sums == 64 * 255 * 127))


def _edited(model: Path, matrices: bool) -> Graph:
    graph = Graph.load(model)
    for tensor in (SOUNDS, PITCH, ENERGY, "audio"):
        if not graph.has(tensor):
            raise UnexpectedGraphError(f"it has no tensor {tensor}")
    if matrices:
        _multiply_convolutions(graph)
    return graph


def _add_lengths(graph: Graph) -> None:
    """Add up, for each token, the frames that it is spread over."""
    spread = graph.producer(graph.producer(SOUNDS, "MatMul").input[1], "Cast").output[0]  # (tokens, frames)
    axis = graph.add_constant("frames_axis", np.array([-1], np.int64))
    graph.nodes.append(helper.make_node("ReduceSum", [spread, axis], [LENGTHS], keepdims=0))


def _decoder(graph: Graph) -> bytes:
    norms = _norms(graph)
    given = list(_FRAMES)
    replaced = {}
    for norm in norms:
        given += [(norm.scale, _FLOAT, [1, "channels", 1]), (norm.shift, _FLOAT, [1, "channels", 1])]
        replaced[norm.result] = [
            helper.make_node("Mul", [norm.value, norm.scale], [norm.result + "/scaled"]),
            helper.make_node("Add", [norm.result + "/scaled", norm.shift], [norm.result]),
        ]
    graph.replace(replaced)
    return graph.part(given, {"audio": _FLOAT})


def _norms(graph: Graph) -> list[_Norm]:
    """Find the decoder's normalisations: (x - mean) / sqrt(variance + epsilon) * gain + offset."""
    norms: list[_Norm] = []
    for node in graph.nodes:
        if node.op_type != "Sub" or not node.output[0].startswith("/decoder/"):
            continue
        value, mean = node.input
        centred = node.output[0]
        if not (graph.has(mean) and graph.consumers(centred, "Div")):
            continue
        graph.producer(mean, "ReduceMean")
        divided = graph.consumer(centred, "Div")
        deviation = graph.producer(divided.input[1], "Sqrt").output[0]
        # Parallel blocks with the same input share what was divided.
        for scaled in graph.consumers(divided.output[0], "Mul"):
            shifted = graph.consumer(scaled.output[0], "Add")
            gain, offset = _other(scaled, divided.output[0]), _other(shifted, scaled.output[0])
            name = f"norm{len(norms)}"
            result = shifted.output[0]
            norms.append(_Norm(value, result, mean, deviation, gain, offset, f"{name}/scale", f"{name}/shift"))
    if not norms:
        raise UnexpectedGraphError("its decoder has no normalisations")
    return norms


def _multiply_convolutions(graph: Graph) -> None:
    """Turn the convolutions of bytes along time (stride 1, one group) into matrix products."""
    replaced: dict[str, list[NodeProto]] = {}
    turned: set[str] = set()
    graph.add_constant("time_axis", np.array([1], np.int64))
    for number, node in enumerate(graph.nodes):
        if node.op_type != "ConvInteger":
            continue
        given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        weights = graph.constant(node.input[1])
        if given.get("group", 1) == 1 and weights.ndim == 3 and list(given.get("strides", [1])) == [1]:
            nodes = _as_product(graph, node, f"product{number}", given["dilations"][0], list(given["pads"]))
            if node.input[0] not in turned:
                turned.add(node.input[0])
                nodes.insert(
                    0, helper.make_node("Transpose", [node.input[0]], [_turned(node.input[0])], perm=[0, 2, 1])
                )
            replaced[nodes[-1].output[0]] = nodes
    graph.replace(replaced)


def _as_product(graph: Graph, node: NodeProto, name: str, dilation: int, pads: list[int]) -> list[NodeProto]:
    data, kernel, data_zero, kernel_zero = node.input
    data_scale = graph.producer(data, "DynamicQuantizeLinear").output[1]
    sums, bias = node.output[0], ""
    if graph.consumers(sums, "Add"):
        added = graph.consumer(sums, "Add")
        bias = _bias(graph, _other(added, sums))
        sums = added.output[0]
    whole = graph.consumer(sums, "Cast").output[0]
    result = graph.consumer(whole, "Mul")
    scales = graph.producer(_other(result, whole), "Mul")
    kernel_scale = _other(scales, data_scale)
    nodes, rows = _rows(graph, name, _turned(data), data_zero, (graph.constant(kernel).shape[2], dilation, pads))
    matrix, zero = _matrix(graph, name, kernel, kernel_zero)
    inputs = [rows, matrix, data_scale, kernel_scale, data_zero, zero, *([bias] if bias else [])]
    return [
        *nodes,
        helper.make_node("MatMulIntegerToFloat", inputs, [f"{name}/out"], domain="com.microsoft"),
        helper.make_node("Transpose", [f"{name}/out"], [result.output[0]], perm=[0, 2, 1]),
    ]


def _rows(
    graph: Graph, name: str, data: str, zero: str, shape: tuple[int, int, list[int]]
) -> tuple[list[NodeProto], str]:
    """Put side by side, for each moment, the inputs that the kernel sees: (1, time, taps * channels)."""
    taps, dilation, pads = shape
    nodes = []
    if any(pads):
        amounts = graph.add_constant(f"{name}/pads", np.array([0, pads[0], 0, 0, pads[1], 0], np.int64))
        nodes.append(helper.make_node("Pad", [data, amounts, zero], [f"{name}/padded"]))
        data = f"{name}/padded"
    if taps == 1:
        return nodes, data
    copies = []
    for tap in range(taps):
        behind = (taps - 1 - tap) * dilation
        start = graph.add_constant(f"{name}/start{tap}", np.array([tap * dilation], np.int64))
        end = graph.add_constant(f"{name}/end{tap}", np.array([-behind if behind else 2**31 - 1], np.int64))
        nodes.append(helper.make_node("Slice", [data, start, end, "time_axis"], [f"{name}/tap{tap}"]))
        copies.append(f"{name}/tap{tap}")
    nodes.append(helper.make_node("Concat", copies, [f"{name}/rows"], axis=2))
    return nodes, f"{name}/rows"


def _matrix(graph: Graph, name: str, kernel: str, kernel_zero: str) -> tuple[str, str]:
    """Store the kernel as a matrix of signed bytes: (taps * channels in, channels out), and its zero point."""
    weights, zero = graph.constant(kernel), graph.constant(kernel_zero)
    if weights.dtype == np.uint8:
        weights, zero = (np.asarray(part, np.int16) - _BYTES_SHIFT for part in (weights, zero))
    channels_out, channels_in, taps = weights.shape
    matrix = weights.astype(np.int8).transpose(2, 1, 0).reshape(taps * channels_in, channels_out)
    return graph.add_constant(f"{name}/matrix", np.ascontiguousarray(matrix)), graph.add_constant(
        f"{name}/zero", np.asarray(zero, np.int8)
    )


def _bias(graph: Graph, reshaped: str) -> str:
    """Return the bias as it was before it was made a whole number: floor(bias / scale), cast and reshaped."""
    cast = graph.producer(graph.producer(reshaped, "Reshape").input[0], "Cast")
    bias = graph.producer(graph.producer(cast.input[0], "Floor").input[0], "Div").input[0]
    graph.constant(bias)
    return str(bias)


def _other(node: NodeProto, tensor: str) -> str:
    """Return the other input of a node with two."""
    return next(str(name) for name in node.input if name != tensor)


def _turned(tensor: str) -> str:
    return f"{tensor}/turned"


def _checksum(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _write(file: Path, content: bytes) -> None:
    """Write beside and rename: another process may do the same at the same time."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
