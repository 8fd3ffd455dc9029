#!/bin/sh
# ONNX GraphSurgeon folds a part of a shape as if it were all of it.
# Guess: since opset 15 Shape has start and end; who folds it where sizes are known writes the list of sizes down and forgets to cut it.
# Seen: with onnx-graphsurgeon 0.6.1 fold_constants makes 2 4 6 6 of Shape<start=1, end=-1> of 2 × 4 × 6 × 6, where 4 6 is meant, and a sum over it goes from 10 to 18; polygraphy 0.53.6 surgeon sanitize --fold-constants, which is built on it,
# does so too. PyTorch exports sizes in this way.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx-graphsurgeon==0.6.1 polygraphy==0.53.6 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
from onnx import parser

model = parser.parse_model(
    '<ir_version: 8, opset_import: ["" : 17]> g (float[2,4,6,6] x) => (float[2,4,6,6] y)'
    " { s = Shape<start = 1, end = -1>(x) f = Cast<to = 1>(s) n = ReduceSum<keepdims = 0>(f) y = Mul(x, n) }"
)
onnx.checker.check_model(model, full_check=True)
onnx.save(model, "before.onnx")
PYTHON
"$folder/python/bin/polygraphy" surgeon sanitize --fold-constants before.onnx -o sanitized.onnx > polygraphy.log 2>&1 || { cat polygraphy.log; exit 1; }
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnx_graphsurgeon as gs
import onnxruntime as ort

graph = gs.import_onnx(onnx.load("before.onnx"))
folded = gs.export_onnx(graph.fold_constants().cleanup())
onnx.save(folded, "folded.onnx")
factors = {}
for file in ("before.onnx", "folded.onnx", "sanitized.onnx"):
    onnx.checker.check_model(file, full_check=True)
    ones = np.ones((2, 4, 6, 6), np.float32)
    factors[file] = float(ort.InferenceSession(file).run(None, {"x": ones})[0].max())
print("onnx-graphsurgeon", gs.__version__, factors)
assert factors["before.onnx"] == 4 + 6
assert factors["folded.onnx"] == factors["sanitized.onnx"] == 2 + 4 + 6 + 6, "no longer so"
PYTHON
