import { RegisterModelDocument, RemoveModelDocument, RenameModelDocument } from '@kneepoint/client';
import type { ReactNode } from 'react';
import { count, time } from '../format.ts';
import { useSources } from '../parts/choose.tsx';
import { Import } from '../parts/import.tsx';
import { Problem } from '../parts/problem.tsx';
import { NameControls } from '../parts/rename.tsx';

/** Networks that are here, and the way for others to get here. */
export function Models(): ReactNode {
  const { sources, error } = useSources();
  return (
    <>
      <h1>Models</h1>
      <Import
        next={
          <>
            Its layers are under <a href="#/network">Network</a>; labelled images for it go to{' '}
            <a href="#/datasets">Data sets</a>.
          </>
        }
        accept=".onnx,.data,.bin,.tar,.zip,.json"
        nameOf={(files) =>
          (files.find(({ path }) => path.endsWith('.onnx')) ?? files[0]!).file.name.replace(/\.(onnx|tar|zip)$/, '')
        }
        send={(gateway, files, onProgress) =>
          gateway.uploadModel(
            files.map(({ file }) => ({ name: file.name, data: file })),
            { onProgress },
          )
        }
        register={async (gateway, upload, name) => {
          const made = await gateway.mutate(RegisterModelDocument.toString(), { input: { upload, name } });
          return (made as { run: { id: string } }).run.id;
        }}
      >
        <p>
          Drop an ONNX file here, with the files of its weights where it has any, and its <code>.preprocess.json</code>{' '}
          if there is one.
        </p>
      </Import>
      {error && <Problem error={error} />}
      {sources && sources.models.length > 0 && (
        <div className="scroll">
          <table className="list">
            <caption>{sources.models.length === 1 ? 'One network' : `${sources.models.length} networks`}</caption>
            <thead>
              <tr>
                {['name', 'parameters', 'MACs', 'made for', 'since', ''].map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {sources.models.map((model) => (
                <tr key={model.id}>
                  <th scope="row">
                    <a href={`#/network?${new URLSearchParams({ model: model.id })}`}>{model.name}</a>
                    {model.names.length > 1 && (
                      <small> also {model.names.filter((name) => name !== model.name).join(', ')}</small>
                    )}
                  </th>
                  <td data-head="parameters">{count(model.parameters)}</td>
                  <td data-head="MACs">{count(model.macs)}</td>
                  <td data-head="made for">{model.primaryTask}</td>
                  <td data-head="since">{time(model.createdAt)}</td>
                  <td>
                    <NameControls
                      id={model.id}
                      name={model.name}
                      rename={RenameModelDocument}
                      remove={RemoveModelDocument}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
