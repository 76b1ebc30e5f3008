"""An ONNX model taken apart: find nodes by their tensors, replace them, and cut out a part that runs alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper


class UnexpectedGraphError(Exception):
    """The model is not built the way an edit expects; it can still be run as it is."""


class Graph:
    """The nodes and constants of a model, to be edited in place.

    Args:
        model: the model; not changed.

    Attributes:
        nodes: in an order in which they can run, until edited.
    """

    def __init__(self, model: ModelProto) -> None:
        self._model = model
        self.nodes: list[NodeProto] = list(model.graph.node)
        self._constants: dict[str, TensorProto] = {tensor.name: tensor for tensor in model.graph.initializer}
        self._producers: dict[str, NodeProto] = {}
        self._consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.nodes:
            self._producers.update(dict.fromkeys(node.output, node))
            for tensor in node.input:
                self._consumers[tensor].append(node)

    @classmethod
    def load(cls, file: Path) -> Graph:
        """Read a model file.

        Raises:
            OSError: it cannot be read.
            UnexpectedGraphError: it is not an ONNX model.
        """
        try:
            return cls(onnx.load_model_from_string(file.read_bytes()))
        except Exception as error:
            if isinstance(error, OSError):
                raise
            raise UnexpectedGraphError(f"{file.name} is not an ONNX model") from error  # bare protobuf errors

    def has(self, tensor: str) -> bool:
        """Tell whether a node makes this tensor."""
        return tensor in self._producers

    def producer(self, tensor: str, op_type: str) -> NodeProto:
        """Return the node that makes a tensor.

        Raises:
            UnexpectedGraphError: there is none, or it does something else.
        """
        node = self._producers.get(tensor)
        if node is None or node.op_type != op_type:
            raise UnexpectedGraphError(f"{tensor} does not come from {op_type}")
        return node

    def consumer(self, tensor: str, op_type: str) -> NodeProto:
        """Return the only node of a type that takes a tensor.

        Raises:
            UnexpectedGraphError: there is none or more than one.
        """
        found = self.consumers(tensor, op_type)
        if len(found) != 1:
            raise UnexpectedGraphError(f"{tensor} goes to {len(found)} nodes {op_type}")
        return found[0]

    def consumers(self, tensor: str, op_type: str) -> list[NodeProto]:
        """Return the nodes of a type that take a tensor."""
        return [node for node in self._consumers[tensor] if node.op_type == op_type]

    def is_constant(self, tensor: str) -> bool:
        """Tell whether a tensor is stored in the model."""
        return tensor in self._constants

    def constant(self, tensor: str) -> NDArray[Any]:
        """Return a tensor that is stored in the model.

        Raises:
            UnexpectedGraphError: it is not.
        """
        stored = self._constants.get(tensor)
        if stored is None:
            raise UnexpectedGraphError(f"{tensor} is not a constant")
        return numpy_helper.to_array(stored)

    def add_constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        """Store a tensor; returns its name."""
        self._constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def replace(self, outputs: Mapping[str, list[NodeProto]]) -> None:
        """Let other nodes make some tensors. The nodes that made them before must have no other output in use.

        Args:
            outputs: tensor to the nodes that make it from now on.
        """
        old = {id(self._producers[tensor]) for tensor in outputs}
        new = [node for nodes in outputs.values() for node in nodes]
        self.nodes = [node for node in self.nodes if id(node) not in old] + new

    def part(self, inputs: Iterable[tuple[str, int, list[int | str]]], outputs: Mapping[str, int]) -> bytes:
        """Return the model that computes ``outputs`` from ``inputs``, without anything else.

        Args:
            inputs: name, element type and shape of what is given.
            outputs: name to element type of what is wanted.

        Raises:
            UnexpectedGraphError: something else than the inputs is needed.
        """
        given = list(inputs)
        order = self._order({name for name, _, _ in given}, outputs)
        used = {tensor for node in order for tensor in node.input}
        graph = helper.make_graph(
            order,
            "part",
            [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in given],
            [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()],
            [tensor for name, tensor in self._constants.items() if name in used],
        )
        model = helper.make_model(graph, opset_imports=self._model.opset_import)
        model.ir_version = self._model.ir_version
        return bytes(model.SerializeToString())

    def _order(self, inputs: set[str], outputs: Iterable[str]) -> list[NodeProto]:
        """Return the nodes needed, each behind those that it needs (depth first, without recursion)."""
        producers = {tensor: node for node in self.nodes for tensor in node.output}
        done = inputs | set(self._constants) | {""}
        order: list[NodeProto] = []
        stack = list(outputs)
        while stack:
            tensor = stack[-1]
            if tensor in done:
                stack.pop()
                continue
            node = producers.get(tensor)
            if node is None:
                raise UnexpectedGraphError(f"nothing makes {tensor}")
            missing = [needed for needed in node.input if needed not in done]
            if missing:
                stack += missing
            else:
                order.append(node)
                done |= set(node.output)
        return order
