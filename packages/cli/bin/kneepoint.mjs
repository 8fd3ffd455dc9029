#!/usr/bin/env node
// Registers tsx with the repository's tsconfig by name: left to itself it takes the working folder's, and decorators are lost.
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

const tsconfig = fileURLToPath(new URL('../../../tsconfig.json', import.meta.url));
process.env.TSX_TSCONFIG_PATH = tsconfig;
register({ tsconfig });
const { main } = await import('../src/main.ts');
await main(process.argv);
