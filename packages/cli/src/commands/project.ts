import { CreateProjectDocument, nodesOf, ProjectsDocument } from '@kneepoint/client';
import type { Command } from 'commander';
import { print, printJson } from '../output.ts';
import { table } from '../render/table.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

/** Projects that are listed. */
const NEWEST = 100;

/** `project create` and `list`. */
export function registerProject(program: Command): void {
  const parent = program.command('project').description('tenants: what belongs to one project is not there in another');
  withServerOptions(parent.command('create <name>'))
    .description('make a project, by those who administer all of them')
    .action(async (name: string, options: ServerOptions) => {
      const { project } = await withConnection(options, ({ client }) => client.mutate(CreateProjectDocument, { name }));
      if (options.json) printJson(project);
      else print(`project ${project.name} is there; KNEEPOINT_PROJECT=${project.name} works in it`);
    });
  withServerOptions(parent.command('list'))
    .description('the newest hundred projects that you may see')
    .action(async (options: ServerOptions) => {
      const projects = await withConnection(options, async ({ client }) => {
        return nodesOf((await client.query(ProjectsDocument, { first: NEWEST })).projects);
      });
      if (options.json) return printJson(projects);
      print(
        table(
          ['name', 'made'],
          projects.map(({ name, createdAt }) => [name, createdAt]),
        ),
      );
    });
}
