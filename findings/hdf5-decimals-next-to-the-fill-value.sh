#!/bin/sh
# HDF5 turns a number that is one step away from the fill value into another one, where it shall keep decimals.
# Guess: the scale-offset filter keeps D decimals of a float, and gives the fill value, 0 unless said otherwise, a code of its own, which it finds by |x - fill| < 10^-D; a number at that distance exactly, as 0.01 with D = 2, is less in
# one precision and not in another. If it counts as fill where the range is taken and as a number where it is coded, it does not fit into the bits.
# Seen: with HDF5 2.0.0 (h5py 3.16.0) 0.5, 0.01, 1.5 in single precision with D = 2 are read as 0.5, 1.29, 1.5; h5wasm 0.10.3, the same library in WebAssembly, reads the same. In double precision, or with a fill value far away, the file
# keeps 0.01. Nothing is said while writing or reading.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet h5py==3.16.0 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund h5wasm@0.10.3
cat > read.mjs <<'JS'
import h5wasm from 'h5wasm/node';

await h5wasm.ready;
console.log(JSON.stringify(Array.from(new h5wasm.File('numbers.h5', 'r').get('x').value)));
JS
"$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess

import h5py
import numpy as np

found = {}
for kind in ("float32", "float64"):
    for fill in (None, -99.0):
        for middle in (0.01, 0.02, -0.01):
            numbers = np.array([0.5, middle, 1.5], kind)
            with h5py.File("numbers.h5", "w") as file:
                file.create_dataset("x", data=numbers, chunks=(3,), scaleoffset=2, fillvalue=fill)
            with h5py.File("numbers.h5") as file:
                read = file["x"][...]
            by_h5wasm = json.loads(subprocess.run(["node", "read.mjs"], check=True, capture_output=True, text=True).stdout)
            assert np.allclose(by_h5wasm, read, atol=1e-6)
            assert np.allclose(read[[0, 2]], [0.5, 1.5], atol=0.005)
            found[kind, fill, middle] = float(read[1])
            print(f"HDF5 {h5py.version.hdf5_version}, {kind}, fill value {fill}: {numbers} is read as {read}")
for (kind, fill, middle), read in found.items():
    if kind == "float32" and fill is None and abs(middle) == 0.01:
        assert abs(read - middle) > 1, "no longer so"
    else:
        assert abs(read - middle) < 0.005
PYTHON
