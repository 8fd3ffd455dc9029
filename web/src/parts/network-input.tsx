import type { ReactNode } from 'react';
import { useAsk } from '../ask.tsx';
import { NetworkInputDocument } from '../generated/graphql.ts';
import { NeedsAnalysis } from './needs-analysis.tsx';
import { StoredPicture } from './stored-picture.tsx';

/** A few images of a data set as a network gets them, and what is clearly wrong with that. */
export function NetworkInput({ model, dataset }: { readonly model: string; readonly dataset: string }): ReactNode {
  const { data, error } = useAsk(NetworkInputDocument, { model, dataset });
  if (error) return <NeedsAnalysis error={error} model={model} dataset={dataset} />;
  if (data === undefined) return null;
  const { warnings, samples } = data.networkInput;
  return (
    <>
      {warnings.map((warning) => (
        <p key={warning} className="problem">
          {warning}
        </p>
      ))}
      {samples.length === 0 && <p className="quiet">This analysis kept no images to show.</p>}
      <div className="samples">
        {samples.map(({ image, shows, picture }) => (
          <StoredPicture
            key={image}
            file={{ sha256: picture.sha256, url: picture.downloadUrl, type: 'image/png' }}
            alt={`${image} as the network gets it: ${shows.join(', ')}`}
            caption={
              <>
                {image} <small>from the left: {shows.join(', ')}</small>
              </>
            }
          />
        ))}
      </div>
    </>
  );
}
