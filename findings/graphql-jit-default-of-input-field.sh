#!/bin/sh
# graphql-jit refuses an input without a field that has a default.
# Guess: a field of an input object that must not be null but has a default may be left out; a validator compiled apart from graphql's own has to know both at once.
# Seen: graphql-jit 0.8.9 asks for the field in a variable ("of required type ... was not provided"); graphql 16.15.0 takes its default, and so does graphql-jit where the object stands in the query itself.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund graphql@16.15.0 graphql-jit@0.8.9
cat > finding.cjs <<'JS'
const assert = require('node:assert');
const { buildSchema, execute, parse } = require('graphql');
const { compileQuery } = require('graphql-jit');

const schema = buildSchema('input Wish { name: String! mode: String! = "whole" } type Query { made(wish: Wish!): String }');
schema.getQueryType().getFields().made.resolve = (_root, { wish }) => `${wish.name}, ${wish.mode}`;

async function answers(text, variableValues) {
  const document = parse(text);
  const compiled = compileQuery(schema, document, '', {});
  const plain = await execute({ schema, document, variableValues });
  return { jit: await compiled.query({}, {}, variableValues), graphql: plain };
}

(async () => {
  const byVariable = await answers('query ($wish: Wish!) { made(wish: $wish) }', { wish: { name: 'net' } });
  const inQuery = await answers('{ made(wish: { name: "net" }) }', {});
  console.log(JSON.stringify({ byVariable, inQuery }, null, 1));
  assert.equal(byVariable.graphql.data.made, 'net, whole');
  assert.equal(inQuery.graphql.data.made, 'net, whole');
  assert.equal(inQuery.jit.data.made, 'net, whole');
  assert.match(String(byVariable.jit.errors && byVariable.jit.errors[0].message), /was not provided/, 'no longer so');
})();
JS
node finding.cjs
