"""The trunk of an ONNX network as a PyTorch module: from the input through Conv, Relu, BatchNormalization and MaxPool, one after the
other, up to where it branches or meets anything else. A GlobalAveragePool ends it too, since the head pools by itself.
"""
import onnx
import torch
from onnx import numpy_helper
from torch import nn


def read_trunk(path):
    """The trunk as nn.Sequential, and its number of channels. Raises ValueError where there is no convolution."""
    graph = onnx.load(path).graph
    weights = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    consumers = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    # Old exporters list every initializer among the inputs.
    name = next(value.name for value in graph.input if value.name not in weights)
    layers, width = [], None
    while len(consumers.get(name, [])) == 1 and consumers[name][0].op_type in CONVERSIONS:
        node = consumers[name][0]
        attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        parameters = [weights[parameter] for parameter in node.input[1:] if parameter]
        layers.append(CONVERSIONS[node.op_type](attributes, *parameters))
        if node.op_type == "Conv":
            width = len(parameters[0])
        name = node.output[0]
    if width is None:
        raise ValueError(f"{path} does not begin with convolutions that could be followed")
    return nn.Sequential(*layers), width


def convolution(attributes, weight, bias=None):
    module = nn.Conv2d(
        weight.shape[1] * attributes.get("group", 1),
        weight.shape[0],
        tuple(weight.shape[2:]),
        stride=tuple(attributes.get("strides", (1, 1))),
        padding=symmetric(attributes),
        dilation=tuple(attributes.get("dilations", (1, 1))),
        groups=attributes.get("group", 1),
        bias=bias is not None,
    )
    module.weight.data.copy_(weight)
    if bias is not None:
        module.bias.data.copy_(bias)
    return module


def normalisation(attributes, scale, shift, mean, variance):
    module = nn.BatchNorm2d(len(scale), eps=attributes.get("epsilon", 1e-5))
    for own, given in zip((module.weight.data, module.bias.data, module.running_mean, module.running_var), (scale, shift, mean, variance)):
        own.copy_(given)
    return module


def pooling(attributes):
    return nn.MaxPool2d(
        tuple(attributes["kernel_shape"]),
        stride=tuple(attributes.get("strides", (1, 1))),
        padding=symmetric(attributes),
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
    )


def symmetric(attributes):
    """Padding as PyTorch has it: the same on both sides of an axis."""
    pads = attributes.get("pads", [0, 0, 0, 0])
    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or pads[:2] != pads[2:]:
        raise ValueError("padding that differs between two sides")
    return tuple(pads[:2])


CONVERSIONS = {
    "Conv": convolution,
    "Relu": lambda _: nn.ReLU(),
    "BatchNormalization": normalisation,
    "MaxPool": pooling,
}
