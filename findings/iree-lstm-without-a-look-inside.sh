#!/bin/sh
# IREE computes an LSTM without its peepholes, and reads every sequence to the end of the longest.
# Guess: LSTM has eight inputs, of which exporters of PyTorch fill six; an importer that takes x, W, R, B and the first states by their place has no reason to look at sequence_lens in between or at P behind them.
# Seen: iree-base-compiler 3.13.0 answers with P, or with sequence_lens, to the last bit as without, and says nothing; where a sequence is over, Y has numbers in place of zeros, and the last state is one of the padding. Without the two it agrees with
# ONNX Runtime 1.32.0, which agrees with the equations of the specification in plain numpy in all. Readers of speech and of lines of text get batches of several lengths.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet iree-base-compiler==3.13.0 iree-base-runtime==3.13.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - 2> said.txt <<'PYTHON' || { cat said.txt >&2; exit 1; }
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime as ort
from iree import compiler, runtime
from iree.compiler import ir
from iree.compiler.extras.onnx_importer import ModelInfo, NodeImporter
from onnx import numpy_helper, parser

chance = np.random.default_rng(0)
stored = {name: chance.normal(size=size).astype(np.float32) for name, size in {"w": (1, 12, 5), "r": (1, 12, 3), "b": (1, 24), "p": (1, 9)}.items()}
stored["l"] = np.array([2, 4], np.int32)
x = chance.normal(size=(4, 2, 5)).astype(np.float32)


def by_iree(model):
    info = ModelInfo(onnx.shape_inference.infer_shapes(model))
    module = info.create_module(context=ir.Context()).operation
    NodeImporter.define_function(info.main_graph, module).import_all()
    options = ["--iree-llvmcpu-target-cpu=generic"]
    binary = compiler.compile_str(module.get_asm(), input_type="onnx", target_backends=["llvm-cpu"], extra_args=options)
    return [found.to_host() for found in runtime.load_vm_flatbuffer(binary, driver="local-sync")[model.graph.name](x)]


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def by_equations(peepholes, lengths):
    """Y and Y_h of the specification: gates in the order i, o, f, c; peepholes in the order i, o, f."""
    p_i, p_o, p_f = np.split(peepholes, 3)
    hidden, cell, answers = np.zeros((2, 3)), np.zeros((2, 3)), []
    for step, row in enumerate(x):
        i, o, f, c = np.split(row @ stored["w"][0].T + hidden @ stored["r"][0].T + stored["b"].reshape(2, 12).sum(0), 4, axis=1)
        going = (step < np.array(lengths))[:, None]
        after = sigmoid(f + p_f * cell) * cell + sigmoid(i + p_i * cell) * np.tanh(c)
        made = sigmoid(o + p_o * after) * np.tanh(after)
        hidden, cell = np.where(going, made, hidden), np.where(going, after, cell)
        answers.append(np.where(going, made, 0))
    return [np.stack(answers)[:, None], hidden[None]]


CASES = {
    "x, w, r, b": by_equations(np.zeros(9), [4, 4]),
    "x, w, r, b, , , , p": by_equations(stored["p"][0], [4, 4]),
    "x, w, r, b, l": by_equations(np.zeros(9), [2, 4]),
}
for inputs, right in CASES.items():
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[4,2,5] x) => (float[4,1,2,3] y, float[1,2,3] h) '
        f"{{ y, h = LSTM<hidden_size = 3>({inputs}) }}"
    )
    model.graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in stored.items() if name in inputs.split(", "))
    onnx.checker.check_model(model, full_check=True)
    runtime_says = ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    found = by_iree(model)
    if len(inputs) == 10:
        plain = found
    for name, a, b, c, d in zip(("Y", "Y_h"), found, runtime_says, right, plain):
        print("IREE", version("iree-base-compiler"), inputs, name, "largest difference of IREE and ONNX Runtime", float(abs(a - b).max()), "of ONNX Runtime and equations", float(abs(b - c).max()))
        assert np.allclose(b, c, atol=1e-5)
        if len(inputs) == 10:
            assert np.allclose(a, b, atol=1e-5)
        else:
            assert np.array_equal(a, d) and abs(a - b).max() > 0.05, "no longer so"
PYTHON
! grep -i -E "peephole|sequence_lens" said.txt
