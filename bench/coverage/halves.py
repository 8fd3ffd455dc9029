"""Stores the large weights of an ONNX file as float16, each with a Cast back to float32 where it is read."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Above this many parameters a file of float32 exceeds protobuf's 2 GiB.
WHOLE = 500e6

# Smaller tensors are shapes, axes and biases, which weigh nothing.
LARGE = 1_000_000


def needed(network):
    return sum(p.numel() for p in network.parameters()) > WHOLE


def store(source, target):
    model = onnx.load(source)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < LARGE:
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}_half")
        tensor.CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, target)
