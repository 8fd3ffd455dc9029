#!/bin/sh
# IREE leaves the pixels of a DepthToSpace where they were, when it makes a single channel of them.
# Guess: mode CRD, PyTorch's PixelShuffle, is three steps, a view of six axes, a permutation of them and a view of four; a compiler drops axes of length 1 before it permutes, and then the order is of other axes. Tests have several channels.
# Seen: iree-base-compiler 3.13.0 makes rows 0 1 4 5, 2 3 6 7 and so on of 4 channels of 2 x 2 in place of 0 4 1 5, 8 12 9 13: the numbers stay in blocks, and the size is the right one. It does so for blocks of 3, maps that are not square and several images.
# With two channels in the result, by mode DCR, and with the three steps written out as nodes it is right. ONNX Runtime 1.32.0 and numpy agree in all. Networks that enlarge pictures (ESPCN and what came after it) work on the brightness alone and end so.
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
    return runtime.load_vm_flatbuffer(binary, driver="local-sync")[model.graph.name](x).to_host()


for shape, block in [((1, 4, 2, 2), 2), ((1, 9, 2, 2), 3), ((2, 4, 2, 3), 2), ((1, 8, 2, 2), 2)]:
    n, c, h, w = shape
    made = c // block**2
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    larger = (n, made, h * block, w * block)
    crd = x.reshape(n, made, block, block, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(larger)
    dcr = x.reshape(n, block, block, made, h, w).transpose(0, 3, 4, 1, 5, 2).reshape(larger)
    by_hand = "v = Reshape(x, six) p = Transpose<perm = [0, 1, 4, 2, 5, 3]>(v) y = Reshape(p, four)"
    sizes = f"<int64[6] six = {{{n}, {made}, {block}, {block}, {h}, {w}}}, int64[4] four = {{{', '.join(map(str, larger))}}}>"
    forms = {
        "CRD": (f'y = DepthToSpace<blocksize = {block}, mode = "CRD">(x)', "", crd),
        "DCR": (f'y = DepthToSpace<blocksize = {block}, mode = "DCR">(x)', "", dcr),
        "by hand": (by_hand, sizes, crd),
    }
    for name, (nodes, stored, right) in forms.items():
        text = f"g (float{list(shape)} x) => (float{list(larger)} y) {stored} {{ {nodes} }}"
        model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
        onnx.checker.check_model(model, full_check=True)
        runtime_says = ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
        found = by_iree(model, x)
        print("IREE", version("iree-base-compiler"), shape, name, "first rows", *found[0, 0, :2], "ONNX Runtime", *runtime_says[0, 0, :2])
        assert np.array_equal(runtime_says, right) and found.shape == right.shape
        assert np.array_equal(found, right) == (name != "CRD" or made > 1), "no longer so"
        if name == "CRD" and shape == (1, 4, 2, 2):
            assert found.ravel().tolist() == [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15], "no longer so"
PYTHON
