#!/bin/sh
# minio's client for Node reads keys of a container under a name that AWS does not give them.
# Guess: AWS's endpoints for credentials (ECS, EKS Pod Identity) answer with AccessKeyId; the older name of the XML era differs in one capital.
# Seen: minio 8.0.7 takes an answer as AWS documents it and ends with no access key, or refuses it for a Code that these endpoints do not send.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund minio@8.0.7
cat > finding.cjs <<'JS'
const assert = require('node:assert');
const { createServer } = require('node:http');
const { IamAwsProvider } = require('minio');

const answer = { AccessKeyId: 'LENT', SecretAccessKey: 'secret', Token: 'token', Expiration: new Date(Date.now() + 3600000).toISOString() };

async function keys(extra) {
  const server = createServer((_request, response) => response.end(JSON.stringify({ ...answer, ...extra })));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${server.address().port}/keys`;
  try {
    const found = await new IamAwsProvider({}).getCredentials();
    return `key ${found.getAccessKey()}`;
  } catch (error) {
    return `error ${error.message}`;
  } finally {
    server.close();
  }
}

(async () => {
  const asDocumented = await keys({});
  const withCode = await keys({ Code: 'Success' });
  const otherName = await keys({ Code: 'Success', AccessKeyID: 'LENT' });
  console.log({ asDocumented, withCode, otherName });
  assert.ok(!asDocumented.includes('LENT') && !withCode.includes('LENT'), 'no longer so');
  assert.equal(otherName, 'key LENT');
})();
JS
node finding.cjs
