import type { Outcome } from './outcome.ts';
import type { Server } from './server.ts';

/** What a row may refer to: things that were imported before. */
export interface World {
  readonly server: Server;
  readonly model: string;
  readonly dataset: string;
}

export interface BadRequest extends Outcome {
  readonly name: string;
  readonly send: (world: World) => Promise<Outcome | null>;
}

const USER_ERRORS = 'run { id } userErrors { code field message }';

/** Sends a mutation whose input is made from the world. */
export const mutation =
  (field: string, input: (world: World) => object) =>
  (world: World): Promise<Outcome | null> => {
    const type = `${field[0]!.toUpperCase()}${field.slice(1)}Input`;
    const document = `mutation($input: ${type}!) { ${field}(input: $input) { ${USER_ERRORS} } }`;
    return world.server.refusal(document, { input: input(world) });
  };

/** Launches a compression that would do, but for `change`. */
export const compress = (change: object): ReturnType<typeof mutation> =>
  mutation('launchCompression', ({ model, dataset }) => ({
    model,
    dataset,
    plan: { task: 'score' },
    epsilons: [0.01],
    ...change,
  }));

/** Sends a document with variables made from the world. */
export const query =
  (document: string, variables: (world: World) => object = () => ({})) =>
  (world: World): Promise<Outcome | null> =>
    world.server.refusal(document, variables(world));

/** The digest of nothing that anybody stored. */
export const SHA = 'ab'.repeat(32);
