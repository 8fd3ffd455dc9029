import { Failure } from '@kneepoint/failures';
import type { Database } from '../database/database.ts';
import { isDuplicate } from '../database/database-failure.ts';
import type { Project } from '../database/generated/client.ts';

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Makes a project. `db` is bound to none. Throws NAME_INVALID, PROJECT_TAKEN. */
export async function createProject({ prisma }: Pick<Database, 'prisma'>, name: string): Promise<Project> {
  if (!NAME.test(name)) {
    throw new Failure('NAME_INVALID', `${JSON.stringify(name.slice(0, 80))} is not the name of a project`, {
      where: 'name',
      fix: 'Use small letters, digits and dashes; 63 characters at most.',
    });
  }
  try {
    return await prisma.project.create({ data: { name } });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Failure('PROJECT_TAKEN', `there is a project "${name}"`, { where: 'name', fix: 'Choose another name.' });
  }
}
