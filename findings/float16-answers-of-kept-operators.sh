#!/bin/sh
# onnxconverter-common answers in half precision where it was told to keep the types.
# Guess: keep_io_types puts a cast behind what it halves; an operator of the list that it leaves in single precision, Resize for one, is treated elsewhere, and as the last of a network it falls between the two.
# Seen: with onnxconverter-common 1.16.0 a network that ends with Resize, CumSum or TopK says float16 of its answer with keep_io_types=True, one that ends with Relu float32; the input is float32 in all.
# The converter of the same origin in onnxruntime 1.32.0 (onnxruntime.transformers) keeps float32 in all. A map of segmentation, enlarged at its end, is such a network: a client that reads bytes reads two numbers as one.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnxconverter-common==1.16.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import copy

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper, parser
from onnxconverter_common import float16
from onnxruntime.transformers import float16 as other

ENDS = {
    "Relu": ("float[1,2,4,4] y", "y = Relu(c)", {}),
    "Resize": ("float[1,2,8,8] y", 'y = Resize<mode = "linear">(c, , k)', {"k": np.array([1, 1, 2, 2], np.float32)}),
    "CumSum": ("float[1,2,4,4] y", "y = CumSum(c, k)", {"k": np.array(1, np.int64)}),
    "TopK": ("float[1,1,4,4] y, int64[1,1,4,4] place", "y, place = TopK<axis = 1>(c, k)", {"k": np.array([1], np.int64)}),
}
for name, (outputs, end, weights) in ENDS.items():
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> g (float[1,2,4,4] x) => ({outputs}) {{ c = Conv(x, w) {end} }}'
    )
    for key, values in {"w": np.ones((2, 2, 1, 1), np.float32), **weights}.items():
        model.graph.initializer.append(numpy_helper.from_array(values, key))
    onnx.checker.check_model(model, full_check=True)
    types = {}
    for who, converter in {"onnxconverter-common": float16, "onnxruntime.transformers": other}.items():
        halved = converter.convert_float_to_float16(copy.deepcopy(model), keep_io_types=True)
        session = ort.InferenceSession(halved.SerializeToString())
        answer = session.run(["y"], {"x": np.ones((1, 2, 4, 4), np.float32)})[0]
        types[who] = (session.get_inputs()[0].type, session.get_outputs()[0].type, str(answer.dtype))
    print(name, types)
    assert types["onnxruntime.transformers"] == ("tensor(float)", "tensor(float)", "float32")
    expected = ("tensor(float)", "float32") if name == "Relu" else ("tensor(float16)", "float16")
    assert types["onnxconverter-common"] == ("tensor(float)", *expected), "no longer so"
PYTHON
