#!/bin/sh
# Apache Arrow for JavaScript answers false, or an empty text, for a member that a record does not have.
# Guess: tableFromJSON takes records one by one; JSON has null for what is unknown, but most writers leave the member out, and what an unset slot of a typed array holds is not nothing.
# Seen: with apache-arrow 21.2.0 { smile: true } and { } make a column true, false, and { name: "ann" } and { } a column "ann", ""; both say that no value is null, in memory and in the file. A number becomes NaN.
# With null written out all is right; pyarrow's Table.from_pylist has null for both. An image without a label is an image with the label false.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet pyarrow==26.0.1
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund apache-arrow@21.2.0
cat > write.cjs <<'JS'
const { readFileSync, writeFileSync } = require('node:fs');
const { tableFromJSON, tableToIPC } = require('apache-arrow');

for (const kind of ['without', 'null']) {
  writeFileSync(`${kind}.arrow`, tableToIPC(tableFromJSON(JSON.parse(readFileSync(`${kind}.json`, 'utf8'))), 'file'));
}
JS
"$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess

import pyarrow as pa

KINDS = {
    "without": [{"smile": True, "name": "ann", "age": 30.5}, {}],
    "null": [{"smile": True, "name": "ann", "age": 30.5}, {"smile": None, "name": None, "age": None}],
}
for kind, records in KINDS.items():
    with open(f"{kind}.json", "w") as file:
        json.dump(records, file)
subprocess.run(["node", "write.cjs"], check=True)
second = {}
for kind, records in KINDS.items():
    table = pa.ipc.open_file(f"{kind}.arrow").read_all()
    nulls = {name: table[name].null_count for name in table.column_names}
    second[kind] = table.to_pylist()[1]
    print(kind, "the second record by apache-arrow", second[kind], "nulls", nulls, "by pyarrow", pa.Table.from_pylist(records).to_pylist()[1])
    assert list(pa.Table.from_pylist(records).to_pylist()[1].values()) == [None] * 3
    assert set(nulls.values()) == ({0} if kind == "without" else {1}), "no longer so"
assert list(second["null"].values()) == [None] * 3
assert second["without"]["smile"] is False and second["without"]["name"] == "", "no longer so"
PYTHON
