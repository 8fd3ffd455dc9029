/** What the schema costs at least, or one type of it. */
export const INTROSPECTION: Readonly<Record<string, number>> = { __schema: 5000, __type: 200 };
/** Fields of introspection for one of the data: they lie in memory. */
export const INTROSPECTION_SHARE = 10;

/** A report or a model's preprocessing, which comes as one value. */
export const JSON_COST = 50;

type Arguments = Readonly<Record<string, unknown>>;

/** Of lists that nothing bounds but what they are of: layers of a network, tasks of a data set, epochs of a training. */
const USUAL = 20;
const PAGE_LIMIT = 100;

/** Lists that are larger or smaller than usual. */
const SIZES: Readonly<Record<string, (args: Arguments) => number>> = {
  'CharacteristicCurve.points': () => 100,
  'Query.failureCodes': () => 200,
  'Query.taskRelationships': ({ models }) => (Array.isArray(models) ? models.length : 1),
  // As this schema has them on the mean; types lead to fields and those to types again, so that aliases multiply.
  ...{ '__Schema.types': () => 130, '__Schema.directives': () => 6 },
  ...{ '__Type.fields': () => 4, '__Type.inputFields': () => 1, '__Type.enumValues': () => 1 },
  ...{ '__Type.interfaces': () => 1, '__Type.possibleTypes': () => 1 },
  ...{ '__Field.args': () => 1, '__Directive.args': () => 1, '__Directive.locations': () => 3 },
  // As many as models, which their parent has counted.
  'TaskRelationships.rows': () => 1,
};

export interface SizedField {
  /** `Type.field`. */
  readonly name: string;
  readonly isList: boolean;
  readonly args: Arguments;
}

/** How many objects a field gives: a page as many as it is asked for; other lists what is usual, or what is known of them. */
export function listSize({ name, isList, args }: SizedField): number {
  const known = SIZES[name];
  if (known !== undefined) return Math.max(1, known(args));
  // A size that cannot be is refused where the page is read.
  if (typeof args['first'] === 'number') return Math.min(PAGE_LIMIT, Math.max(1, args['first']));
  // The connection has been counted with its size.
  return isList && !name.endsWith('Connection.edges') ? USUAL : 1;
}
