/** What the schema costs at least, or one type of it. */
export const INTROSPECTION: Readonly<Record<string, number>> = { __schema: 5000, __type: 200 };
/** Fields of introspection for one of the data: they lie in memory. */
export const INTROSPECTION_SHARE = 10;

/** A model's preprocessing or the like, which comes as one value. */
const JSON_COST = 50;

/** Lists of numbers that count for more than the one field that they are. */
const NUMBERS: Readonly<Record<string, number>> = {
  'TaskFilters.kept': 50,
  'ReportConfusion.before': 100,
  'ReportConfusion.after': 100,
  'ReportLayer.indices': 50,
};

/** What a field without fields of its own counts. `name`: `Type.field`. */
export function leafCost(name: string, type: string): number {
  return NUMBERS[name] ?? (type === 'JSON' ? JSON_COST : 1);
}

type Arguments = Readonly<Record<string, unknown>>;

/** Of lists that nothing bounds but what they are of: layers of a network, tasks of a data set, epochs of a training. */
const USUAL = 20;
const PAGE_LIMIT = 100;

/** Lists that are larger or smaller than usual. */
const SIZES: Readonly<Record<string, (args: Arguments, above: Arguments) => number>> = {
  'CharacteristicCurve.points': (_args, { maxPoints }) => (typeof maxPoints === 'number' ? maxPoints : 100),
  'CompressionFrontier.points': (_args, above) => pointsOf(above),
  'FilterUse.overlaps': (_args, { tasks }) => pairs(Array.isArray(tasks) ? tasks.length : USUAL),
  'FilterResponses.most': (_args, { images }) => (typeof images === 'number' ? images : 8),
  'FilterResponses.least': (_args, { images }) => (typeof images === 'number' ? images : 8),
  'NetworkInput.samples': () => 3,
  'Run.labels': () => 5,
  'Query.failureCodes': () => 200,
  'Query.taskRelationships': ({ models }) => (Array.isArray(models) ? models.length : 1),
  // As this schema has them on the mean; types lead to fields and those to types again, so that aliases multiply.
  ...{ '__Schema.types': () => 130, '__Schema.directives': () => 6 },
  ...{ '__Type.fields': () => 4, '__Type.inputFields': () => 1, '__Type.enumValues': () => 1 },
  ...{ '__Type.interfaces': () => 1, '__Type.possibleTypes': () => 1 },
  ...{ '__Field.args': () => 1, '__Directive.args': () => 1, '__Directive.locations': () => 3 },
  // Of a report: what compressions usually have.
  ...{
    'Report.results': () => 2,
    'Report.tasks': () => 2,
    'ReportResult.tasks': () => 2,
    'ReportResult.arms': () => 4,
  },
  ...{ 'ReportResult.perClass': () => 2, 'ReportResult.rounds': () => 6, 'ReportArm.history': () => 50 },
  ...{ 'ReportArm.tasks': () => 2, 'ReportOriginal.tasks': () => 2, 'ReportDelivered.tasks': () => 2 },
  'ReportPerClass.residuals': () => 10,
  'ReportChanges.images': () => 100,
  // As many as models, which their parent has counted.
  'TaskRelationships.rows': () => 1,
};

export interface SizedField {
  /** `Type.field`. */
  readonly name: string;
  readonly isList: boolean;
  readonly args: Arguments;
  /** Arguments of the field that its parent came by. */
  readonly above: Arguments;
}

/** How many objects a field gives: a page as many as it is asked for; other lists what is usual, or what is known of them. */
export function listSize({ name, isList, args, above }: SizedField): number {
  const known = SIZES[name];
  if (known !== undefined) return Math.max(1, known(args, above));
  // A size that cannot be is refused where the page is read.
  if (typeof args['first'] === 'number') return Math.min(PAGE_LIMIT, Math.max(1, args['first']));
  // The connection has been counted with its size.
  return isList && !name.endsWith('Connection.edges') ? USUAL : 1;
}

function pairs(of: number): number {
  return (of * (of - 1)) / 2;
}

function pointsOf({ input }: Arguments): number {
  const { points } = (input ?? {}) as { readonly points?: unknown };
  return typeof points === 'number' ? points : 41;
}

/** What planning takes: it decodes a network, or writes every step of a run. */
const PLANNING = 2000;
/** Of several plans of one network, each: nothing is read for it any more. */
const ONE_PLAN = 200;
/** Results that one network has for all tasks of a data set: they are read and chosen from, whatever is asked of them. */
const RESULTS = 200;

/** What a field takes besides its answer, as fields of one. */
export const BASE_COSTS: Readonly<Record<string, (args: Arguments) => number>> = {
  'Query.characteristicCurves': () => RESULTS,
  'Query.compressionFrontier': (args) => PLANNING + ONE_PLAN * pointsOf(args),
  'Query.compressionPlan': () => PLANNING,
  // A layer's responses to every image are read, in a process of their own, when they are first asked for.
  'Query.filterResponses': () => PLANNING,
  'Query.filterUse': ({ tasks }) => RESULTS + (Array.isArray(tasks) ? tasks.length : USUAL),
  'Query.taskRelationships': ({ models }) => RESULTS * (Array.isArray(models) ? models.length : 1),
  // It is made when it is first asked for.
  'Run.report': () => RESULTS,
};
/** A mutation that launches, and any other: each is a transaction, a line of the audit log and an event. */
const LAUNCH = /^Mutation\.(launch|register|retry|settle)/;
const CHANGE = 50;

export function baseCost(name: string, args: Arguments): number {
  if (LAUNCH.test(name)) return PLANNING;
  if (name.startsWith('Mutation.')) return CHANGE;
  return BASE_COSTS[name]?.(args) ?? 0;
}
