#!/bin/sh
# gonnx pads a convolution that is told not to be.
# Guess: auto_pad has NOTSET, VALID, SAME_UPPER and SAME_LOWER; code that asks only whether it is NOTSET takes VALID for one of the SAMEs.
# Seen: gonnx 1.1.0 (Go) answers a map of 4 x 4 under a kernel of 3 x 3 ones by VALID with 4 x 4 sums, the outer ones over the edge; ONNX Runtime 1.32.0 with 2 x 2. By NOTSET, which means the same without pads, both give 2 x 2.
set -eu
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

for auto_pad in ["VALID", "NOTSET"]:
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], auto_pad=auto_pad)],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 1, 4, 4])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 1, 2, 2])],
        [numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, auto_pad + ".onnx")
    image = np.ones((1, 1, 4, 4), np.float32)
    answer = ort.InferenceSession(auto_pad + ".onnx").run(None, {"x": image})[0].ravel()
    print("onnxruntime", auto_pad, answer)
    assert answer.tolist() == [9, 9, 9, 9]
PYTHON
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/advancedclimatesystems/gonnx"
	"gorgonia.org/tensor"
)

func sums(file string) string {
	model, err := gonnx.NewModelFromFile(file)
	if err != nil {
		panic(err)
	}
	ones := make([]float32, 16)
	for i := range ones {
		ones[i] = 1
	}
	image := tensor.New(tensor.WithShape(1, 1, 4, 4), tensor.WithBacking(ones))
	answers, err := model.Run(gonnx.Tensors{"x": image})
	if err != nil {
		panic(err)
	}
	return fmt.Sprint(answers["y"].Data())
}

func main() {
	valid, notset := sums("VALID.onnx"), sums("NOTSET.onnx")
	fmt.Println("gonnx VALID", valid, "NOTSET", notset)
	if notset != "[9 9 9 9]" || valid != "[4 6 6 4 6 9 9 6 6 9 9 6 4 6 6 4]" {
		fmt.Println("no longer so")
		os.Exit(1)
	}
}
GO
printf 'module finding\n\ngo 1.22\n\nrequire (\n\tgithub.com/advancedclimatesystems/gonnx v1.1.0\n\tgorgonia.org/tensor v0.9.24\n)\n' > go.mod
GOFLAGS=-mod=mod GOPATH="$folder/go" go run .
