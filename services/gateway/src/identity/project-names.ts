import { type Database, DEFAULT_PROJECT } from '@kneepoint/platform';
import type { ProjectReference } from './principal.ts';

/** Projects by name. They are never renamed or removed, so one that was found stays; one that was not may come. */
export class ProjectNames {
  readonly #db: Database;
  readonly #known = new Map<string, ProjectReference>([[DEFAULT_PROJECT.name, DEFAULT_PROJECT]]);

  constructor(db: Database) {
    this.#db = db;
  }

  async find(name: string): Promise<ProjectReference | undefined> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const row = await this.#db.prisma.project.findUnique({ where: { name }, select: { id: true, name: true } });
    if (row !== null) this.#known.set(name, row);
    return row ?? undefined;
  }
}
