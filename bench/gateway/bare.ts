/**
 * Apollo Server on Fastify as the gateway uses it, with the gateway's schema and without anything else: every field is a constant that
 * a file holds. Prints its address.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import fastify from 'fastify';
import { buildSchema } from 'graphql';
import { SCHEMA_FILE } from '../../services/gateway/src/emit-schema.ts';

/** Answers of the gateway by the name of their root field; pages of runs by the size and cursor that they were asked with. */
export interface Constants {
  readonly taskRelationships: unknown;
  readonly characteristicCurves: unknown;
  readonly run: unknown;
  readonly pages: Readonly<Record<string, unknown>>;
}

const { pages, ...constants } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Constants;
const rootValue = {
  ...constants,
  runs: ({ first, after }: { first: number; after?: string | null }) => pages[`${first} ${after ?? ''}`],
};
const apollo = new ApolloServer({ schema: buildSchema(readFileSync(SCHEMA_FILE, 'utf8')), rootValue });
await apollo.start();
const app = fastify();
app.post('/graphql', fastifyApolloHandler(apollo));
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
