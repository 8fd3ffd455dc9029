#!/bin/sh
# TensorFlow.js moves a map to one side where Keras enlarges it.
# Guess: UpSampling2D with interpolation "bilinear" calls a function that resizes, whose coordinates were those of the corners once and have been those of pixels' centres in Keras since TensorFlow 2; the function still has the old ones as its default.
# Seen: @tensorflow/tfjs-layers 4.22.0 doubles 0 100 200 100 to 0 50 100 150 200 150 100 100, keras 3.15.1 (on jax 0.10.2) and onnxruntime 1.32.0 by half_pixel to 0 25 75 125 175 175 125 100. "nearest" agrees, and so does what
# tfjs's resizeBilinear answers when it is told halfPixelCenters. Decoders of segmentation, and U-Nets, shift by a quarter of a pixel at each such layer, by more the larger the factor.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-layers@4.22.0
cat > enlarge.cjs <<'JS'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { input, layers, model, version_layers: version } = require('@tensorflow/tfjs-layers');

const [row, factor] = JSON.parse(process.argv[2]);
const x = tf.tensor4d(row, [1, 1, row.length, 1]);
const found = { version };
for (const interpolation of ['bilinear', 'nearest']) {
  const inputs = input({ shape: [1, row.length, 1] });
  const net = model({ inputs, outputs: layers.upSampling2d({ size: [1, factor], interpolation }).apply(inputs) });
  found[interpolation] = Array.from(net.predict(x).dataSync());
}
found.told = Array.from(tf.image.resizeBilinear(x, [1, row.length * factor], false, true).dataSync());
console.log(JSON.stringify(found));
JS
KERAS_BACKEND=jax "$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess

import keras
import numpy as np
import onnx
import onnxruntime as ort
from onnx import parser

row = np.array([0, 100, 200, 100], np.float32)
for factor in (2, 4):
    found = json.loads(subprocess.run(["node", "enlarge.cjs", json.dumps([row.tolist(), factor])], check=True, capture_output=True, text=True).stdout)
    right = {}
    for mode in ("bilinear", "nearest"):
        layer = keras.layers.UpSampling2D((1, factor), interpolation=mode)
        right[mode] = keras.ops.convert_to_numpy(layer(row.reshape(1, 1, 4, 1))).ravel()
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> g (float[1,1,1,4] x) => (float[1,1,1,{4 * factor}] y) <float[4] scales = {{1, 1, 1, {factor}}}> '
        '{ y = Resize<mode = "linear", coordinate_transformation_mode = "half_pixel">(x, , scales) }'
    )
    onnx.checker.check_model(model, full_check=True)
    runtime = ort.InferenceSession(model.SerializeToString()).run(None, {"x": row.reshape(1, 1, 1, 4)})[0].ravel()
    print("tfjs-layers", found["version"], "x", factor, *np.round(found["bilinear"], 2), "keras", keras.__version__, *right["bilinear"], "ONNX Runtime", *runtime)
    assert np.allclose(runtime, right["bilinear"], atol=1e-3) and np.allclose(found["told"], runtime, atol=1e-3)
    assert np.allclose(found["nearest"], right["nearest"])
    from_corner = np.interp(np.arange(4 * factor) / factor, np.arange(4), row)
    assert np.allclose(found["bilinear"], from_corner, atol=1e-3) and abs(from_corner - runtime).max() > 10, "no longer so"
PYTHON
