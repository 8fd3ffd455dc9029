#!/bin/sh
# IREE counts the places of a MaxPool's maxima from the start of each plane.
# Guess: PyTorch counts them within each channel of each image, ONNX through the whole tensor; a compiler that lowers ONNX to PyTorch's operators has to add where the plane starts, and with one image of one channel there is nothing to add.
# Seen: iree-base-compiler 3.13.0 answers Indices of 2 images of 3 channels of 4 x 4 with 0 ... 15 in all planes; ONNX Runtime 1.32.0, and the formula of the specification in plain numpy, go on to 95. The maxima are right, and so are the places in the
# first plane. What puts numbers back by these places (SegNet's MaxUnpool, a scatter over the flat tensor) puts all of them into the first plane.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet iree-base-compiler==3.13.0 iree-base-runtime==3.13.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime as ort
from iree import compiler, runtime
from iree.compiler import ir
from iree.compiler.extras.onnx_importer import ModelInfo, NodeImporter
from onnx import parser


def by_iree(model, x):
    info = ModelInfo(onnx.shape_inference.infer_shapes(model))
    module = info.create_module(context=ir.Context()).operation
    NodeImporter.define_function(info.main_graph, module).import_all()
    options = ["--iree-llvmcpu-target-cpu=generic"]
    binary = compiler.compile_str(module.get_asm(), input_type="onnx", target_backends=["llvm-cpu"], extra_args=options)
    return [found.to_host() for found in runtime.load_vm_flatbuffer(binary, driver="local-sync")[model.graph.name](x)]


for n, c in [(1, 1), (2, 3)]:
    # All numbers differ, so that each maximum has one place.
    x = np.random.default_rng(0).permutation(n * c * 16).astype(np.float32).reshape(n, c, 4, 4)
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> g (float[{n},{c},4,4] x) => (float[{n},{c},2,2] y, int64[{n},{c},2,2] places) '
        "{ y, places = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(x) }"
    )
    onnx.checker.check_model(model, full_check=True)
    maxima, places = ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    found, found_places = by_iree(model, x)
    print("IREE", version("iree-base-compiler"), n, "x", c, "planes, last", *found_places[-1, -1].ravel(), "ONNX Runtime", *places[-1, -1].ravel())
    right = x.reshape(n, c, 2, 2, 2, 2).max((3, 5))
    start = 16 * np.arange(n * c).reshape(n, c, 1, 1)
    assert np.array_equal(maxima, right) and np.array_equal(found, right)
    assert np.array_equal(x.ravel()[places], right)
    assert np.array_equal(found_places, places - start), "no longer so"
    assert np.array_equal(found_places, places) == (n * c == 1), "no longer so"
PYTHON
