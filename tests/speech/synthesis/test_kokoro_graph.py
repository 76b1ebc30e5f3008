"""The edits of Kokoro's network, on the real one and on what is not Kokoro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from voicebot.errors import SynthesisError
from voicebot.modelstore.store import ModelStore
from voicebot.speech.synthesis import kokoro_graph
from voicebot.speech.synthesis.engine import open_session
from voicebot.speech.synthesis.kokoro import KokoroModel
from voicebot.speech.synthesis.kokoro_graph import ENERGY, PITCH, SOUNDS, calibrator, multiplies_bytes_exactly, split
from voicebot.speech.synthesis.kokoro_network import VoiceTuning, WholeNetwork, prosody_inputs, run
from voicebot.speech.synthesis.onnxgraph import Graph, UnexpectedGraphError


def _spectrum_db(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), 600)[::300] * np.hanning(600)
    power = np.abs(np.fft.rfft(frames)) ** 2
    bands = power[:, :300].reshape(len(power), 30, 10).mean(axis=2)
    return np.asarray(10 * np.log10(bands + 1e-7))


@pytest.mark.audio
@pytest.mark.timeout(60)
def test_the_halves_with_norms_of_the_same_clause_are_the_whole(
    real_models: ModelStore, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = real_models.path("kokoro-zh")
    model = KokoroModel(directory, prepared / "synthesis")
    style = model.style("zf_xiaoxiao")
    ids = model.encode("xau↓.")
    whole = WholeNetwork(open_session(directory / "model.onnx", 1))
    expected = _spectrum_db(next(whole.pieces(ids, style, VoiceTuning({}, 0.0))))
    speech = expected.max(axis=1) > expected.max() - 40
    network, names = calibrator(directory / "model.onnx")
    inputs = prosody_inputs(ids, style)
    # Convolutions as another processor has them; the measuring network has them as products, where this one can.
    monkeypatch.setattr(kokoro_graph, "multiplies_bytes_exactly", lambda: False)
    parts = split(directory / "model.onnx", prepared / "synthesis")
    assert parts is not None
    frames = dict(zip((SOUNDS, PITCH, ENERGY), run(open_session(parts.prosody, 1), inputs), strict=False))
    norms = run(open_session(network, 1), frames | {"style": inputs["style"]})
    samples = run(open_session(parts.decoder, 1), frames | dict(zip(names, norms, strict=True)))[0]
    heard = _spectrum_db(samples.reshape(-1))
    assert heard.shape == expected.shape
    # Samples differ, since the voice's pulses do not start in the same moment; what is heard does not.
    assert np.abs(heard - expected)[speech].mean() < 3.0


@pytest.mark.audio
def test_the_halves_are_made_once(real_models: ModelStore, prepared: Path) -> None:
    model = real_models.path("kokoro-zh") / "model.onnx"
    parts = split(model, prepared / "synthesis")
    assert parts is not None
    before = parts.decoder.stat().st_mtime_ns
    assert split(model, prepared / "synthesis") == parts
    assert parts.decoder.stat().st_mtime_ns == before
    assert not list((prepared / "synthesis").glob("*.part"))


def test_another_network_is_left_as_it_is(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["tokens"], ["audio"])],
        "other",
        [helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, [1])],
    )
    file = tmp_path / "model.onnx"
    file.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]).SerializeToString())
    assert split(file, tmp_path / "work") is None
    file.write_bytes(b"no model")
    assert split(file, tmp_path / "work") is None
    with pytest.raises(SynthesisError, match="cannot be prepared"):
        split(tmp_path / "missing.onnx", tmp_path / "work")


def test_a_part_of_a_graph_takes_only_what_it_needs(tmp_path: Path) -> None:
    info = helper.make_tensor_value_info
    model = helper.make_model(
        helper.make_graph(
            [
                helper.make_node("Add", ["x", "one"], ["y"]),
                helper.make_node("Mul", ["y", "two"], ["z"]),
                helper.make_node("Sub", ["z", "x"], ["end"]),
            ],
            "sums",
            [info("x", TensorProto.FLOAT, [1])],
            [info("end", TensorProto.FLOAT, [1])],
            [helper.make_tensor(name, TensorProto.FLOAT, [1], [value]) for name, value in (("one", 1), ("two", 2))],
        ),
        opset_imports=[helper.make_opsetid("", 13)],
    )
    model.ir_version = 8
    graph = Graph(model)
    part = open_session(graph.part([("y", TensorProto.FLOAT, [1])], {"z": TensorProto.FLOAT}), 1)
    assert part.run(None, {"y": np.array([3], np.float32)})[0] == 6
    graph.replace({"z": [helper.make_node("Mul", ["y", graph.add_constant("ten", np.float32(10))], ["z"])]})
    part = open_session(graph.part([("y", TensorProto.FLOAT, [1])], {"z": TensorProto.FLOAT}), 1)
    assert part.run(None, {"y": np.array([3], np.float32)})[0] == 30
    with pytest.raises(UnexpectedGraphError, match="nothing makes x"):
        graph.part([("y", TensorProto.FLOAT, [1])], {"end": TensorProto.FLOAT})


def test_this_machine_tells_how_it_multiplies() -> None:
    assert multiplies_bytes_exactly() in (True, False)
