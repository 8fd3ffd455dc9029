import {
  type KneepointClient,
  RemoveDatasetDocument,
  RemoveModelDocument,
  RenameDatasetDocument,
  RenameModelDocument,
} from '@kneepoint/client';
import type { Command } from 'commander';
import { findNamed, type NamedKind } from '../client/lookup.ts';
import { note, print, printJson } from '../output.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface Changed {
  readonly id: string;
  readonly name: string;
  readonly names: readonly string[];
}

type Send = (client: KneepointClient, id: string) => Promise<Changed>;

const NOUNS = { model: 'model', dataset: 'data set' } as const;

const RENAME: Readonly<Record<NamedKind, (name: string) => Send>> = {
  model: (name) => async (client, id) => (await client.mutate(RenameModelDocument, { id, name })).model,
  dataset: (name) => async (client, id) => (await client.mutate(RenameDatasetDocument, { id, name })).dataset,
};

const REMOVE: Readonly<Record<NamedKind, Send>> = {
  model: async (client, id) => (await client.mutate(RemoveModelDocument, { id })).model,
  dataset: async (client, id) => (await client.mutate(RemoveDatasetDocument, { id })).dataset,
};

/** `rename` and `remove` of models or data sets. */
export function registerNameCommands(parent: Command, kind: NamedKind): void {
  const noun = NOUNS[kind];
  withServerOptions(parent.command(`rename <${kind}> <name>`))
    .description(`give a ${noun} another name; other names of the same content stay`)
    .action(async (given: string, name: string, options: ServerOptions) => {
      const changed = await change(kind, given, options, RENAME[kind](name));
      if (options.json) return printJson(changed);
      print(`${noun} ${given} is called ${changed.name} now (${changed.id})`);
    });
  withServerOptions(parent.command(`remove <${kind}>`))
    .description(
      `take the name of a ${noun} away; its content stays while another name or a run refers to it, then \`gc\` collects it`,
    )
    .action(async (given: string, options: ServerOptions) => {
      const changed = await change(kind, given, options, REMOVE[kind]);
      if (options.json) return printJson(changed);
      print(`${noun} ${changed.name} is removed`);
      if (changed.names.length > 0) note(`the same content is still called ${changed.names.join(', ')}`);
    });
}

function change(kind: NamedKind, given: string, options: ServerOptions, send: Send): Promise<Changed> {
  return withConnection(options, async ({ client }) =>
    send(client, (await findNamed(client, kind, given, { one: true })).id),
  );
}
