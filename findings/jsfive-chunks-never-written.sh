#!/bin/sh
# jsfive leaves holes where a dataset has its fill value.
# Guess: HDF5 stores no chunk that nobody wrote; whoever reads it gets the fill value of the dataset. A reader that lays chunks into an empty array has to fill that first.
# Seen: with jsfive 0.4.2 values of such chunks are undefined, which NaN becomes in a Float32Array and 0 in an Int32Array, in place of -1 (no label). h5wasm 0.10.3 and h5py 3.16.0 have -1.
# A set of which labels came for a part, or that was grown by resize, is such a file.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet h5py==3.16.0 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund jsfive@0.4.2 h5wasm@0.10.3
"$folder/python/bin/python" - <<'PYTHON'
import h5py
import numpy as np

with h5py.File("labels.h5", "w") as file:
    some = file.create_dataset("some", (8,), np.int32, chunks=(4,), fillvalue=-1)
    some[:3] = [2, 0, 1]
    file.create_dataset("all", data=np.arange(8, dtype=np.int32), chunks=(4,), fillvalue=-1)
with h5py.File("labels.h5") as file:
    print("h5py", h5py.__version__, file["some"][...])
    assert file["some"][...].tolist() == [2, 0, 1, -1, -1, -1, -1, -1]
PYTHON
cat > finding.mjs <<'JS'
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import h5wasm from 'h5wasm/node';
import * as jsfive from 'jsfive';

await h5wasm.ready;
const byJsfive = new jsfive.File(new Uint8Array(readFileSync('labels.h5')).buffer, 'labels.h5');
const byH5wasm = new h5wasm.File('labels.h5', 'r');
const some = byJsfive.get('some').value;
console.log({ jsfive: some, asWholeNumbers: Int32Array.from(some), h5wasm: byH5wasm.get('some').value });
assert.deepEqual(Array.from(byJsfive.get('all').value), [0, 1, 2, 3, 4, 5, 6, 7]);
assert.deepEqual(Array.from(byH5wasm.get('some').value), [2, 0, 1, -1, -1, -1, -1, -1]);
assert.deepEqual(Array.from(Int32Array.from(some)), [2, 0, 1, -1, 0, 0, 0, 0], 'no longer so');
JS
node finding.mjs
