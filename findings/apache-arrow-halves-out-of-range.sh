#!/bin/sh
# Apache Arrow for JavaScript makes NaN of tiny numbers, and small ones of large, where it writes half precision.
# Guess: a conversion from double to half has three ends where hand-written bit arithmetic slips: numbers below the smallest half, above the largest, and halfway between two. Its own comment says it follows numpy.
# Seen: with apache-arrow 21.2.0 a vector of Float16 holds NaN for 5e-9 and 0.00005 for 1e-10, and 2 for 65536 and 2.13 for 70000, where numpy has 0 and infinity as IEEE 754 has it.
# Ties go up: 2049 is 2050, not 2048. What lies between and is no tie is right. Small gradients and sums of activations, stored as halves, are such numbers; one of them makes the mean over the column NaN.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet numpy==2.4.6 pyarrow==26.0.1
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund apache-arrow@21.2.0
cat > write.cjs <<'JS'
const { writeFileSync } = require('node:fs');
const { Float16, Table, tableToIPC, vectorFromArray } = require('apache-arrow');

const numbers = JSON.parse(process.argv[2]);
writeFileSync('halves.arrow', tableToIPC(new Table({ x: vectorFromArray(numbers, new Float16()) }), 'file'));
JS
"$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess

import numpy as np
import pyarrow as pa

numbers = [1.5, -0.1, 1e-7, 65504.0, 5e-9, 1.5e-10, 1e-10, 65536.0, 70000.0, -1e5, 2049.0, 2051.0]
subprocess.run(["node", "write.cjs", json.dumps(numbers)], check=True)
written = np.array(pa.ipc.open_file("halves.arrow").read_all()["x"].to_pylist(), np.float64)
with np.errstate(over="ignore"):
    right = np.array(numbers).astype(np.float16).astype(np.float64)
for number, by_arrow, by_numpy in zip(numbers, written, right):
    print(f"{number:>9g}: apache-arrow {by_arrow:g}, numpy {by_numpy:g}")
assert np.array_equal(written[:4], right[:4])
at = dict(zip(numbers, written))
assert (right[4:7] == 0).all() and np.isinf(right[7:10]).all() and right[10] == 2048
assert np.isnan(at[5e-9]) and np.isnan(at[1.5e-10]) and at[1e-10] > 1e-5, "no longer so"
assert at[65536.0] == 2 and 2 < at[70000.0] < 3, "no longer so"
assert at[2049.0] == 2050, "no longer so"
PYTHON
