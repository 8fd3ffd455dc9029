#!/bin/sh
# Apache Arrow for JavaScript gives a category beyond the range of its index the place of another.
# Guess: a dictionary of Int8 has room for 128 values; a builder that is handed the 129th has to widen the index or to refuse, and a typed array does neither: it wraps.
# Seen: with apache-arrow 21.2.0 300 names in a Dictionary<Utf8, Uint8> come back, and go into the file, as names of the first 44 from the 257th on; with Int8 the 129th to 256th have no value though nothing counts as null.
# pyarrow refuses to build the same array. Identities of faces or classes of ImageNet, over a type picked while there were few, are such columns.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund apache-arrow@21.2.0
cat > finding.cjs <<'JS'
const assert = require('node:assert');
const { Dictionary, Int8, Int16, Table, Uint8, Utf8, tableFromIPC, tableToIPC, vectorFromArray } = require('apache-arrow');

const names = Array.from({ length: 300 }, (_, i) => `person ${i}`);

for (const index of [new Int16(), new Uint8(), new Int8()]) {
  const vector = vectorFromArray(names, new Dictionary(new Utf8(), index));
  const read = tableFromIPC(tableToIPC(new Table({ who: vector }), 'file')).getChild('who');
  const wrong = names.flatMap((name, i) => (read.get(i) === name ? [] : [i]));
  const shown = [127, 128, 255, 256, 299].map((i) => `${i}: ${String(read.get(i))}`).join(', ');
  console.log(`index ${index}: ${wrong.length} of ${names.length} wrong, first ${wrong[0]}; nulls ${read.nullCount}; ${shown}`);
  if (index instanceof Int16) assert.deepEqual(wrong, []);
  else {
    assert.equal(read.nullCount, 0);
    assert.equal(wrong[0], index instanceof Int8 ? 128 : 256, 'no longer so');
    assert.equal(read.get(299), 'person 43', 'no longer so');
  }
}
JS
node finding.cjs
