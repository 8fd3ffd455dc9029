#!/bin/sh
# TVM does not read how large a transposed convolution shall come out.
# Guess: ConvTranspose has two ways to say its size, pads and output_shape, from which the pads follow; exporters of PyTorch write the first, converters from TensorFlow and Keras the second, and who reads the first has done all that is tried.
# Seen: apache-tvm 0.27.0.post1 (relax) enlarges 6 rows with a kernel of 3 and a stride of 2 to 13 where output_shape says 12 or 11, and nothing is cut off; the size that the file states is another. ONNX Runtime 1.32.0 and sums in plain numpy
# have 12 and 11, with the larger half of what is cut off in front. With the same pads written out TVM agrees.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet apache-tvm==0.27.0.post1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import warnings
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime as ort
import tvm
from onnx import numpy_helper, parser
from tvm import relax
from tvm.relax.frontend.onnx import from_onnx

row = np.arange(1, 7, dtype=np.float32)
kernel = np.array([1, 10, 100], np.float32)
full = np.zeros(13, np.float32)
for place, value in enumerate(row):
    full[2 * place : 2 * place + 3] += value * kernel


def by_tvm(model):
    module = relax.transform.LegalizeOps()(from_onnx(model, keep_params_in_input=False))
    machine = relax.VirtualMachine(tvm.compile(module, target="llvm"), tvm.cpu())
    return machine["main"](tvm.runtime.tensor(row.reshape(1, 1, 6, 1))).numpy().ravel()


warnings.simplefilter("error", UserWarning)
for size in (13, 12, 11):
    cut = 13 - size
    front, behind = cut - cut // 2, cut // 2
    right = full[front : 13 - behind]
    for told in (f"pads = [{front}, 0, {behind}, 0]", f"output_shape = [{size}, 1]"):
        model = parser.parse_model(
            f'<ir_version: 8, opset_import: ["" : 17]> g (float[1,1,6,1] x) => (float[1,1,{size},1] y) '
            f"{{ y = ConvTranspose<kernel_shape = [3, 1], strides = [2, 1], {told}>(x, w) }}"
        )
        model.graph.initializer.append(numpy_helper.from_array(kernel.reshape(1, 1, 3, 1), "w"))
        onnx.checker.check_model(model, full_check=True)
        runtime = ort.InferenceSession(model.SerializeToString()).run(None, {"x": row.reshape(1, 1, 6, 1)})[0].ravel()
        found = by_tvm(model)
        print("TVM", version("apache-tvm"), told, "TVM", found.size, found[:3], "ONNX Runtime", runtime.size, runtime[:3])
        assert np.array_equal(runtime, right)
        if told.startswith("pads") or size == 13:
            assert np.array_equal(found, right)
        else:
            assert np.array_equal(found, full), "no longer so"
PYTHON
