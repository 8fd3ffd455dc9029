import { type KneepointClient, KneepointError } from '@kneepoint/client';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useGateway } from '../ask.tsx';
import { Allowed } from '../identity/allowed.tsx';
import { bytes, percent } from '../format.ts';
import { Drop, type DroppedFile } from './drop.tsx';
import { Problem } from './problem.tsx';
import { standing } from './progress-text.ts';

interface Props {
  readonly children: ReactNode;
  readonly accept?: string;
  readonly folder?: boolean;
  /** Brings the bytes up; their SHA-256. */
  readonly send: (gateway: KneepointClient, files: readonly DroppedFile[], onProgress: OnSent) => Promise<string>;
  /** Registers them; the id of the run that imports them. */
  readonly register: (gateway: KneepointClient, upload: string, name: string) => Promise<string>;
  readonly nameOf: (files: readonly DroppedFile[]) => string;
  /** Where one goes from here once they are. */
  readonly next: ReactNode;
}

export type OnSent = (sent: number, total: number) => void;

type Stage = { readonly text: string; readonly share?: number; readonly isOver?: boolean } | { readonly error: Error };

/** Files straight to the store, then the import, with how far it is. */
export function Import(props: Props): ReactNode {
  return (
    <Allowed least="OPERATOR" what="Adding one">
      <Importer {...props} />
    </Allowed>
  );
}

function Importer({ children, accept, folder = false, send, register, nameOf, next }: Props): ReactNode {
  const gateway = useGateway();
  const queries = useQueryClient();
  const [stage, setStage] = useState<Stage | null>(null);
  const begin = async (files: readonly DroppedFile[]): Promise<void> => {
    if (files.length === 0) return;
    const total = files.reduce((sum, { file }) => sum + file.size, 0);
    const name = nameOf(files);
    setStage({ text: `sending ${bytes(total)} of ${name}`, share: 0 });
    const upload = await send(gateway, files, (sent, all) =>
      setStage({ text: `sending ${bytes(total)} of ${name}`, share: all === 0 ? 1 : sent / all }),
    );
    setStage({ text: `importing ${name}` });
    const run = await register(gateway, upload, name);
    for await (const { state, progress, failure } of gateway.watchRun(run)) {
      setStage({ text: [`importing ${name}`, ...standing(progress)].join(' · '), share: progress.fraction });
      if (state === 'SUCCEEDED') break;
      if (failure) throw new KneepointError(failure.code, failure.message, { where: failure.where, fix: failure.fix });
    }
    await queries.invalidateQueries();
    setStage({ text: `${name} is here.`, isOver: true });
  };
  return (
    <>
      <Drop
        {...(accept === undefined ? {} : { accept })}
        folder={folder}
        onFiles={(files) => void begin(files).catch((error: Error) => setStage({ error }))}
      >
        {children}
      </Drop>
      {stage !== null && 'error' in stage && <Problem error={stage.error} />}
      {stage !== null && 'text' in stage && (
        <p role="status">
          {stage.text} {stage.share !== undefined && percent(stage.share, 0)}
          {stage.isOver && next}
        </p>
      )}
    </>
  );
}
