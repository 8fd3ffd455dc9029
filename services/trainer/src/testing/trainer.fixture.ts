import { readFile } from 'node:fs/promises';
import type { FinetuneInput } from '@kneepoint/workflow';
import { World } from './world.ts';

/** A process that trains the job in a file, and says so once there is a checkpoint in the middle of an epoch. */
const [folder, jobFile] = process.argv.slice(2) as [string, string];
const job = JSON.parse(await readFile(jobFile, 'utf8')) as FinetuneInput;
const world = await World.open(folder);
const run = await world.launch(job);
await world.midEpoch(job);
process.stdout.write(`saved ${run}\n`);
