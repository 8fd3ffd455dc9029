import { Failure } from '@kneepoint/failures';

/** Settings of a training are checked where a run is planned; a client knows them as members of its field `training`. */
export function withinTraining<T>(plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'TRAINING_OPTION_INVALID' || error.where === undefined)
      throw error;
    if (error.where.startsWith('training.')) throw error;
    const where = FIELDS[error.where] ?? error.where;
    throw new Failure('TRAINING_OPTION_INVALID', error.message, {
      where: `training.${where}`,
      ...(error.fix === undefined ? {} : { fix: `Pass ${error.fix}.` }),
      cause: error,
    });
  }
}

/** Settings that have another place in the API. */
const FIELDS: Readonly<Record<string, string>> = {
  'augment.crop': 'crop',
  'augment.flip': 'flip',
  'augment.copies': 'copies',
};
