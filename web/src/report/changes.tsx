import type { ReportPerClass } from '@kneepoint/workflow/report';
import type { ReactNode } from 'react';
import { tick } from '../format.ts';

type Changes = NonNullable<ReportPerClass['changes']>;
type Answer = Changes['images'][number]['truth'];

/** In a whole document, which holds their pictures; the report names more. */
const MOST_SHOWN = 36;
/** Of one result and task: as many as anybody looks at, and so many that something is seen. */
const [MOST_EACH, LEAST_EACH] = [24, 4];

interface Props {
  readonly changes: Changes;
  readonly thumbnails: Readonly<Record<string, string>>;
  /** Such lists in the document. */
  readonly lists: number;
}

/** Images that are answered otherwise than before: those that are wrong now come first. */
export function ChangedImages({ changes, thumbnails, lists }: Props): ReactNode {
  const most = Math.max(LEAST_EACH, Math.min(MOST_EACH, Math.floor(MOST_SHOWN / lists)));
  const { compared, changed, spoiled, mended, images } = changes;
  return (
    <>
      <h4>Images that changed their answer</h4>
      <p>
        {spoiled === null
          ? `The answers to ${compared} test images were compared; these moved most.`
          : `${changed} of ${compared} test images are answered otherwise: ${spoiled} were right and are wrong, ${mended} were wrong and are right.`}
      </p>
      <ul className="changes">
        {images.slice(0, most).map(({ image, truth, before, after }) => (
          <li key={image}>
            {thumbnails[image] !== undefined && <img src={thumbnails[image]} alt="" width={96} height={96} />}
            <code>{image}</code>
            <br />
            is {said(truth)}
            <br />
            {said(before)} → <strong>{said(after)}</strong>
          </li>
        ))}
      </ul>
      {images.length > most && <p className="quiet">report.json names {images.length} of them.</p>}
    </>
  );
}

function said(answer: Answer): string {
  if (answer.length === 0) return 'none';
  return answer.map((one) => (typeof one === 'number' ? tick(one) : one)).join(', ');
}
