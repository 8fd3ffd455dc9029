/** Prints the cores that each thread of a process with an open session may run on, as the kernel writes lists of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { smallNets } from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';

const session = await openSession(smallNets['vgg']!(1));
const lists = readdirSync('/proc/self/task').map((thread) => {
  const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
  return /^Cpus_allowed_list:\t(.*)$/m.exec(status)![1]!;
});
await session.release();
process.stdout.write(JSON.stringify([...new Set(lists)]));
