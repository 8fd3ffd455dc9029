import { type AnswerKind, ENDED, LaunchPackageDocument, type LaunchPackageInput } from '@kneepoint/client';
import { type ReactNode, useState } from 'react';
import { useAsk, useChange } from '../ask.tsx';
import { bytes } from '../format.ts';
import { RunPackageDocument, type RunPackageQuery } from '../generated/graphql.ts';
import { Choose } from './choose.tsx';
import { FailureCard } from './failure.tsx';
import { Problem } from './problem.tsx';
import { standing } from './progress-text.ts';

type Packaging = NonNullable<RunPackageQuery['run']>;

const EVERY_MS = 1_000;

const ANSWERS: readonly { readonly value: AnswerKind; readonly text: string }[] = [
  { value: 'RAW', text: 'raw scores' },
  { value: 'PROBABILITIES', text: 'probabilities' },
  { value: 'LABELS', text: 'labels' },
];

interface Props {
  /** Id of the run that made the network. */
  readonly of: string;
  readonly label: string;
  /** Whether its scores are logits, of which probabilities can be made. */
  readonly isTrained: boolean;
  /** Whether the images that it was judged by are still there, to go along. */
  readonly hasImages: boolean;
}

/** A network with all that it is deployed with, made once somebody asks for it. */
export function MakePackage({ of, label, isTrained, hasImages }: Props): ReactNode {
  const [run, setRun] = useState<string>();
  const [answers, setAnswers] = useState<AnswerKind>('RAW');
  const launch = useChange((gateway, input: LaunchPackageInput) =>
    gateway.mutate<{ x: { run: { id: string } | null } }>(LaunchPackageDocument.toString(), { input }),
  );
  const asked = useAsk(
    RunPackageDocument,
    { id: run ?? '' },
    { enabled: run !== undefined, every: (data) => (data?.run && ENDED.has(data.run.state) ? undefined : EVERY_MS) },
  );
  const error = launch.error ?? asked.error;
  const packaging = run === undefined ? undefined : asked.data?.run;
  const isUnderway = run !== undefined && !(packaging && ENDED.has(packaging.state));
  return (
    <>
      {packaging?.package ? (
        <PackageLink file={packaging.package} />
      ) : (
        <div className="controls">
          <Choose
            label="It answers"
            value={answers}
            options={ANSWERS.filter(({ value }) => isTrained || value !== 'PROBABILITIES')}
            onChoose={(kind) => setAnswers(kind as AnswerKind)}
          />
          <button
            type="button"
            disabled={launch.isPending || isUnderway}
            onClick={() =>
              launch.mutate(
                { of, label, answers, ...(hasImages ? {} : { testImages: 0 }) },
                { onSuccess: (payload) => setRun((payload as { run: { id: string } }).run.id) },
              )
            }
          >
            Package for deployment
          </button>
        </div>
      )}
      {packaging && isUnderway && <Underway packaging={packaging} />}
      {packaging?.failure && <FailureCard {...packaging.failure} />}
      {error && <Problem error={error} />}
    </>
  );
}

function Underway({ packaging: { progress } }: { readonly packaging: Packaging }): ReactNode {
  return <span role="status">{[' Being packaged', ...standing(progress)].join(' · ')}</span>;
}

export function PackageLink({ file }: { readonly file: NonNullable<Packaging['package']> }): ReactNode {
  return (
    <>
      <a href={file.downloadUrl} download>
        Package for deployment (zip)
      </a>{' '}
      {bytes(file.bytes)}
    </>
  );
}
