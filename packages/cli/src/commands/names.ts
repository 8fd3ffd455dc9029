import type { Command } from 'commander';
import { findNamed, type NamedKind } from '../client/lookup.ts';
import { note, print, printJson } from '../output.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface Changed {
  readonly id: string;
  readonly name: string;
  readonly names: readonly string[];
}

const WORDS = {
  model: { noun: 'model', type: 'Model' },
  dataset: { noun: 'data set', type: 'Dataset' },
} as const;

/** `rename` and `remove` of models or data sets. */
export function registerNameCommands(parent: Command, kind: NamedKind): void {
  const { noun } = WORDS[kind];
  withServerOptions(parent.command(`rename <${kind}> <name>`))
    .description(`give a ${noun} another name; other names of the same content stay`)
    .action(async (given: string, name: string, options: ServerOptions) => {
      const changed = await change(kind, 'rename', given, { name }, options);
      if (options.json) return printJson(changed);
      print(`${noun} ${given} is called ${changed.name} now (${changed.id})`);
    });
  withServerOptions(parent.command(`remove <${kind}>`))
    .description(
      `take the name of a ${noun} away; its content stays while another name or a run refers to it, then \`gc\` collects it`,
    )
    .action(async (given: string, options: ServerOptions) => {
      const changed = await change(kind, 'remove', given, {}, options);
      if (options.json) return printJson(changed);
      print(`${noun} ${changed.name} is removed`);
      if (changed.names.length > 0) note(`the same content is still called ${changed.names.join(', ')}`);
    });
}

function change(
  kind: NamedKind,
  verb: 'rename' | 'remove',
  given: string,
  more: { readonly name?: string },
  options: ServerOptions,
): Promise<Changed> {
  const mutation = `${verb}${WORDS[kind].type}`;
  const [declared, passed] =
    verb === 'rename' ? ['$id: ID!, $name: String!', 'id: $id, name: $name'] : ['$id: ID!', 'id: $id'];
  const document = `mutation(${declared}) { ${mutation}(${passed}) { ${kind} { id name names } userErrors { code field message } } }`;
  return withConnection(options, async ({ client }) => {
    const { id } = await findNamed(client, kind, given, { one: true });
    const payload = await client.mutate<Record<string, Changed>>(mutation, document, { id, ...more });
    return payload[kind]!;
  });
}
