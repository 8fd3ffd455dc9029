import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { baseUrl, createClient, type KneepointClient, ViewerDocument, type ViewerQuery } from '@kneepoint/client/node';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { logInByDevice } from '../client/device-login.ts';
import { keepProfile, profilesFile, readProfiles } from '../client/profiles.ts';
import { note, print, printJson } from '../output.ts';
import { camel } from '../render/number.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

const DEFAULT_PROFILE = 'default';

type ViewerView = ViewerQuery['viewer'];

interface LoginOptions {
  readonly url?: string;
  readonly token?: string;
  readonly device?: boolean;
  readonly profile?: string;
  readonly project?: string;
}

/** `login`, `logout` and `whoami`. */
export function registerLogin(program: Command): void {
  program
    .command('login')
    .description('keep what lets you in at a gateway, as a profile that commands take with --profile')
    .option('--url <url>', 'address of the gateway (default: KNEEPOINT_URL)')
    .option('--token <->', '-: read an API token from standard input (without this it is asked for)')
    .option('--device', 'log in at the issuer that the gateway names, with a browser on any device')
    .option('--profile <name>', `what to call it (default: ${DEFAULT_PROFILE})`)
    .option('--project <name>', 'project to work in, where you may work in several')
    .action(login);
  program
    .command('logout')
    .description('forget a profile; its token stays valid until it expires or is revoked')
    .option('--profile <name>', `(default: ${DEFAULT_PROFILE})`)
    .action(async ({ profile = DEFAULT_PROFILE }: { readonly profile?: string }) => {
      await keepProfile(profile, undefined);
      print(`profile ${profile} is forgotten`);
    });
  withServerOptions(program.command('whoami'))
    .description('as whom, with which role and in which project a gateway is asked')
    .action(async (options: ServerOptions) => {
      const viewer = await withConnection(options, async ({ client }) => viewerOf(client));
      if (options.json) printJson(viewer);
      else print(describe(viewer));
    });
}

async function login({ url, token, device, profile = DEFAULT_PROFILE, project }: LoginOptions): Promise<void> {
  const address = baseUrl(url ?? process.env.KNEEPOINT_URL ?? '');
  if (!URL.canParse(address)) {
    throw new Failure('LOGIN_FAILED', 'no gateway is named', {
      where: '--url',
      fix: 'Name one: --url https://kneepoint.example.org',
    });
  }
  if (token !== undefined && token !== '-') {
    // What is on a command line is read by everybody on the machine.
    throw new Failure('LOGIN_FAILED', 'a token is not taken from the command line', {
      where: '--token',
      fix: 'Pass it on standard input: kneepoint login --url URL --token - < FILE',
    });
  }
  if (isOpen(new URL(address))) note(`warning: what is sent to ${address} is not encrypted, the token neither`);
  const candidates = device ? await logInByDevice(address, ask) : [await readToken(token === '-')];
  const { token: kept, viewer } = await firstValid(address, candidates, project);
  await keepProfile(profile, { url: address, token: kept, ...(project === undefined ? {} : { project }) });
  print(describe(viewer));
  const [first, ...others] = Object.keys(await readProfiles());
  const hint = first === profile && others.length === 0 ? '' : ` --profile ${profile}`;
  note(`kept in ${profilesFile()}; use it with --url ${address}${hint}, or KNEEPOINT_PROFILE=${profile}`);
}

/** Whether anybody on the way can read along. */
function isOpen({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(hostname);
}

function ask({ address, code }: { readonly address: string; readonly code: string }): void {
  note(`Open ${address} in a browser, and confirm the code ${code} there.`);
}

/** The first of several tokens that the gateway takes; throws what it said of the last. */
async function firstValid(url: string, tokens: readonly string[], project?: string) {
  const named = project === undefined ? {} : { project };
  let refusal: unknown = new Failure('LOGIN_FAILED', 'the issuer gave no token', { fix: 'Start again.' });
  for (const token of tokens) {
    try {
      return { token, viewer: await viewerOf(createClient({ url, token, ...named })) };
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

async function viewerOf(client: KneepointClient): Promise<ViewerView> {
  return (await client.query(ViewerDocument, {})).viewer;
}

function describe({ name, role, project, everywhere }: ViewerView): string {
  return `${name}: ${camel(role)} ${everywhere ? `of every project, at work in "${project}"` : `of project "${project}"`}`;
}

/** From standard input, or from a person without showing what they type. */
async function readToken(piped: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asked = !piped && process.stdin.isTTY;
  if (asked) process.stderr.write('token: ');
  const lines = createInterface({ input: process.stdin, output: silent, terminal: asked });
  try {
    for await (const line of lines) {
      if (asked) process.stderr.write('\n');
      if (line.trim() !== '') return line.trim();
    }
  } finally {
    lines.close();
  }
  throw new Failure('LOGIN_FAILED', 'no token came on standard input', {
    where: '--token',
    fix: 'Pass it as one line.',
  });
}
