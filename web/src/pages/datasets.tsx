import { RegisterDatasetDocument, RemoveDatasetDocument, RenameDatasetDocument } from '@kneepoint/client';
import type { ReactNode } from 'react';
import { time, words } from '../format.ts';
import { useSources } from '../parts/choose.tsx';
import { Import } from '../parts/import.tsx';
import { Problem } from '../parts/problem.tsx';
import { NameControls } from '../parts/rename.tsx';

const ARCHIVE = /\.(tar|tar\.gz|tgz|zip)$/i;

/** Labelled images that are here, what was found in them, and the way for others to get here. */
export function Datasets(): ReactNode {
  const { sources, error } = useSources();
  return (
    <>
      <h1>Data sets</h1>
      <Import
        next={
          <>
            See them <a href="#/network">as a network gets them</a>, or <a href="#/compress">compress</a> one for a
            task.
          </>
        }
        folder
        nameOf={(files) => files[0]!.path.split('/')[0]!.replace(ARCHIVE, '')}
        send={(gateway, files, onProgress) => {
          const [only] = files;
          return files.length === 1 && ARCHIVE.test(only!.path)
            ? gateway.upload(only!.file, { onProgress })
            : gateway.uploadFolder(
                files.map(({ path, file }) => ({ name: path, data: file })),
                { onProgress },
              );
        }}
        register={async (gateway, upload, name) => {
          const made = await gateway.mutate(RegisterDatasetDocument.toString(), { input: { upload, name } });
          return (made as { run: { id: string } }).run.id;
        }}
      >
        <p>
          Drop a folder of labelled images here, or a tar or zip of one: a folder for each class, or a table beside
          them.
        </p>
      </Import>
      {error && <Problem error={error} />}
      {sources?.datasets.map((dataset) => (
        <article key={dataset.id} className="card">
          <h2>{dataset.name}</h2>
          <p>
            {dataset.images} images, since {time(dataset.createdAt)}
            {dataset.subject !== null && `, kept together by ${dataset.subject}`}{' '}
            <NameControls
              id={dataset.id}
              name={dataset.name}
              rename={RenameDatasetDocument}
              remove={RemoveDatasetDocument}
            />{' '}
            <a href={`#/network?${new URLSearchParams({ dataset: dataset.id })}`}>As a network gets it</a>
          </p>
          <table className="list">
            <caption>Tasks</caption>
            <tbody>
              {dataset.tasks.map(({ name, type, classes, unit }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{words(type)}</td>
                  <td>
                    {classes?.slice(0, 8).join(', ') ?? unit}
                    {(classes?.length ?? 0) > 8 && ` and ${classes!.length - 8} more`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {dataset.notes.length > 0 && (
            <ul className="quiet">
              {dataset.notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
        </article>
      ))}
    </>
  );
}
