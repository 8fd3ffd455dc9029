#!/usr/bin/env node
import { bundled } from '../../runtime/src/task/bundled.mjs';

const source = new URL('../src/main.ts', import.meta.url).href;
const bundle = bundled(source);
if (bundle === undefined) {
  // Registers tsx with the repository's tsconfig by name: left to itself it takes the working folder's, and decorators are lost.
  const { register } = await import('tsx/esm/api');
  const { fileURLToPath } = await import('node:url');
  const tsconfig = fileURLToPath(new URL('../../../tsconfig.json', import.meta.url));
  process.env.TSX_TSCONFIG_PATH = tsconfig;
  register({ tsconfig });
}
const { main } = await import(bundle ?? source);
await main(process.argv);
