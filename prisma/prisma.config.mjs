// For Prisma's own command where its engine can be had: `npx prisma migrate deploy --config prisma/prisma.config.mjs`.
// Kneepoint applies the same migrations at start and keeps the same bookkeeping, so the two agree.
import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
});
