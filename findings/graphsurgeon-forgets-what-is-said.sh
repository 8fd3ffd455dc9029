#!/bin/sh
# ONNX GraphSurgeon writes a network that it changed nothing of without what the file said about it, and without an input that had a default.
# Guess: import_onnx keeps the graph and who produced it; metadata (class names, license, preprocessing, as Ultralytics and others put there), the model's domain and version get lost on the way out.
# Seen: with onnx-graphsurgeon 0.6.1 export_onnx(import_onnx(model)) has no metadata_props (of the model, the graph or a node), no doc_string, domain "" and version 0. An input with a stored default,
# which a caller may override, is an input no more: sessions refuse the name. Nothing warns. onnxsim 0.8.1 beside it takes that input away too, but keeps metadata, domain and version.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 onnxsim==0.8.1 onnx_graphsurgeon==0.6.1
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnx_graphsurgeon
import onnxruntime as ort
import onnxsim
from onnx import helper, numpy_helper

image = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 3])
gain = helper.make_tensor_value_info("gain", onnx.TensorProto.FLOAT, [1])
answer = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 3])
node = helper.make_node("Mul", ["x", "gain"], ["y"], doc_string="brightness")
helper.set_model_props(node, {"layer": "first"})
graph = helper.make_graph([node], "g", [image, gain], [answer], [numpy_helper.from_array(np.float32([2]), "gain")])
model = helper.make_model(
    graph,
    opset_imports=[helper.make_opsetid("", 17)],
    ir_version=10,
    producer_name="trainer",
    domain="org.example",
    model_version=7,
    doc_string="a gain",
)
helper.set_model_props(model, {"names": "{0: 'cat', 1: 'dog'}", "license": "MIT"})
onnx.checker.check_model(model, full_check=True)


def said(model):
    inputs = ort.InferenceSession(model.SerializeToString()).get_overridable_initializers()
    return {
        "metadata": {entry.key: entry.value for entry in model.metadata_props},
        "of nodes": [entry.key for node in model.graph.node for entry in node.metadata_props],
        "doc": model.doc_string,
        "domain": model.domain,
        "version": model.model_version,
        "producer": model.producer_name,
        "may be overridden": [value.name for value in inputs],
    }


before = said(model)
after = said(onnx_graphsurgeon.export_onnx(onnx_graphsurgeon.import_onnx(model)))
simplified = said(onnxsim.simplify(model)[0])
print("before", before, "by GraphSurgeon", after, "by onnxsim", simplified, sep="\n")
assert before["metadata"] and before["may be overridden"] == ["gain"]
assert after == {**before, "metadata": {}, "of nodes": [], "doc": "", "domain": "", "version": 0, "may be overridden": []}, "no longer so"
for kept in ("doc", "domain", "version"):
    assert simplified[kept] == before[kept], "the other one forgets it as well"
assert before["metadata"].items() <= simplified["metadata"].items(), "the other one forgets it as well"
assert simplified["may be overridden"] == [], "the other one keeps it"
PYTHON
