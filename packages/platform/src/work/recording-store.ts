import type { ArtifactStore } from '../store/artifact-store.ts';
import type { ArtifactRecord } from './succeed-attempt.ts';

/** The same store, with a list of what was put into it through this view. */
export function recordingStore(store: ArtifactStore): { store: ArtifactStore; records: readonly ArtifactRecord[] } {
  const records: ArtifactRecord[] = [];
  const put: ArtifactStore['put'] = async (source, options) => {
    const stored = await store.put(source, options);
    if (!records.some(({ sha256 }) => sha256 === stored.sha256)) {
      records.push({ ...stored, mediaType: options?.mediaType ?? 'application/octet-stream' });
    }
    return stored;
  };
  const view = new Proxy(store, {
    get(target, name) {
      if (name === 'put') return put;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  return { store: view, records };
}
