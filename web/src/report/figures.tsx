import type { Report, ReportPerClass, ReportResult } from '@kneepoint/workflow/report';
import { isTailNoise } from '@kneepoint/workflow/tail-noise';
import type { ReactNode } from 'react';
import { Confusion } from '../charts/confusion.tsx';
import { CurveGrid } from '../charts/curve.tsx';
import { Dumbbells } from '../charts/dumbbells.tsx';
import { Errors } from '../charts/errors.tsx';
import { Intervals } from '../charts/intervals.tsx';
import { Lines } from '../charts/lines.tsx';
import { Sizes } from '../charts/sizes.tsx';
import { Widths } from '../charts/widths.tsx';
import { metric, metricLabel, metricTick, milliseconds, tick, words } from '../format.ts';
import { ARM_NAMES, type Extras, fileName, stagesOf, unitOf } from './facts.ts';

/** What is drawn of a result: it stands in the report, and beside it as a file of this name. */
export interface Figure {
  readonly name: string;
  readonly drawing: ReactNode;
}

export interface Drawn {
  readonly result: ReportResult;
  readonly report: Pick<Report, 'tasks' | 'split' | 'results'>;
  readonly extras: Extras;
}

/** Classes of which each has a row; more are for the tables. */
const MOST_CLASSES = 40;

export function sizes({ result: { before, after, label } }: Drawn): Figure {
  const bars = [
    { name: 'parameters', before: before.parameters, after: after.parameters },
    { name: 'MACs', before: before.macs, after: after.macs },
    { name: 'file', before: before.bytes, after: after.bytes },
    { name: 'time, p50', before: before.latencyMs.p50, after: after.latencyMs.p50 },
  ];
  const title = 'What is left of the whole network';
  return { name: fileName(label, 'sizes'), drawing: <Sizes title={title} bars={bars} /> };
}

export function latency({ result: { before, arms, label } }: Drawn): Figure {
  const networks = [
    { name: 'whole, as it came', latencyMs: before.latencyMs },
    ...arms.map((arm) => ({ ...arm, name: ARM_NAMES[arm.arm] })),
  ];
  // What is noise would leave no room for what is not.
  const rows = networks.map(({ name, latencyMs }) => ({
    ...{ name, value: latencyMs.p50, interval: null },
    ...(isTailNoise(latencyMs) ? {} : { mark: latencyMs.p95 }),
  }));
  return {
    name: fileName(label, 'latency'),
    drawing: (
      <Intervals
        title="Milliseconds for one image: ● median, ○ 95th percentile"
        rows={rows}
        format={milliseconds}
        tick={tick}
        axis="ms for one image: ● p50, ○ p95 where it is not noise"
        from={0}
      />
    ),
  };
}

export function stages({ result, report }: Drawn, task: string): Figure {
  const { name, images } = result.tasks.find((one) => one.task === task)!;
  const kept = result.keep?.tasks.find((one) => one.task === task);
  return {
    name: fileName(result.label, 'stages', task),
    drawing: (
      <Intervals
        title={`${metricLabel(name)} of ${task} at each stage, with 95\u00A0% intervals`}
        rows={stagesOf(result, task).map(({ name: stage, value, interval, delivered }) => ({
          ...{ name: stage, value, interval, strong: delivered },
        }))}
        format={(value) => metric(name, value)}
        tick={(value) => metricTick(name, value)}
        axis={`${metricLabel(name)}${unitOf(report, task)} on ${images} test images, 95\u00A0% intervals`}
        {...(kept ? { line: { at: kept.bound, text: 'goal, on validation' } } : {})}
      />
    ),
  };
}

export function criteria({ result: { criteria: found, metric: stages, label } }: Drawn): readonly Figure[] {
  if (found.length === 0) return [];
  const rows = found.map(({ criterion, refit, finetuned = null }) => ({
    name: words(criterion),
    before: refit,
    after: finetuned,
  }));
  const drawing = (
    <Dumbbells
      title="Other ways to choose filters, at the same MACs"
      rows={rows}
      format={(value) => metricTick(stages.name, value)}
      axis={metricLabel(stages.name)}
      names={['head fitted again', 'finetuned']}
    />
  );
  return [{ name: fileName(label, 'criteria'), drawing }];
}

export function rounds({ result: { rounds: made, metric: stages, label } }: Drawn): readonly Figure[] {
  // One is a point, which the table says as well.
  if (made.length < 2) return [];
  const cuts = made.toSorted((a, b) => a.share - b.share);
  const lines = (['validation', 'test'] as const).map((part) => ({
    name: part,
    points: cuts.map((round) => [100 * round.share, round[part]] as const),
    chosen: cuts.filter(({ delivered }) => delivered).map((round) => [100 * round.share, round[part]] as const)[0],
  }));
  const drawing = (
    <Lines
      title="Networks on the way, the delivered one marked"
      lines={lines}
      format={(value) => metricTick(stages.name, value)}
      axis={['% of the whole network left', metricLabel(stages.name)]}
    />
  );
  return [{ name: fileName(label, 'rounds'), drawing }];
}

export function classes({ result: { label } }: Drawn, { task, classes: found }: ReportPerClass): readonly Figure[] {
  if (found.length === 0) return [];
  const rows = found
    .slice(0, MOST_CLASSES)
    .map(({ name, before, after }) => ({ name, before: before.f1, after: after.f1 }));
  const drawing = (
    <Dumbbells
      title={`F1 of each class of ${task}`}
      rows={rows}
      format={tick}
      axis="F1 on test"
      names={['before', 'after']}
    />
  );
  return [{ name: fileName(label, 'classes', task), drawing }];
}

export function confusions(
  { result: { label } }: Drawn,
  { task, classes: found, confusion }: ReportPerClass,
): readonly Figure[] {
  if (!confusion) return [];
  const names = found.map(({ name }) => name);
  return (['before', 'after'] as const).map((which) => ({
    name: fileName(label, 'confusion', task, which),
    drawing: (
      <Confusion
        title={`Which class of ${task} was taken for which, ${which}`}
        of={which}
        names={names}
        counts={confusion[which]}
      />
    ),
  }));
}

export function errors({ result: { label }, report }: Drawn, { task, residuals }: ReportPerClass): readonly Figure[] {
  if (residuals.length === 0) return [];
  const drawing = <Errors title={`Errors of ${task} along the truth`} bins={residuals} unit={unitOf(report, task)} />;
  return [{ name: fileName(label, 'errors', task), drawing }];
}

export function widths({ result: { layers, label } }: Drawn): Figure {
  const bars = layers.map(({ name, filters, kept, reason }) => ({
    ...{ name, whole: filters, part: kept, frozen: reason !== null },
  }));
  return { name: fileName(label, 'widths'), drawing: <Widths title="Filters of each layer that stay" layers={bars} /> };
}

/** Layers of which each has a row: what the others take is hardly seen. */
const MOST_TIMED = 20;

export function layerTimes({ result: { layerTimes: times, label } }: Drawn): readonly Figure[] {
  if (!times) return [];
  const [before, after] = [times.before, times.after].map((list) => new Map(list.map(({ name, ms }) => [name, ms])));
  const longest = (name: string): number => Math.max(before!.get(name) ?? 0, after!.get(name) ?? 0);
  const names = [...new Set([...before!.keys(), ...after!.keys()])];
  const shown = new Set(names.toSorted((a, b) => longest(b) - longest(a)).slice(0, MOST_TIMED));
  const drawing = (
    <Dumbbells
      title="What each layer takes, in milliseconds for one image"
      rows={names
        .filter((name) => shown.has(name))
        .map((name) => ({ name, before: before!.get(name) ?? null, after: after!.get(name) ?? null }))}
      format={tick}
      axis="ms for one image, with all that follows until the next layer"
      names={['whole', 'delivered']}
    />
  );
  return [{ name: fileName(label, 'layer-times'), drawing }];
}

/** The curves of one task with what results leave of each layer, and the range of errors that all of them are drawn in. */
export function curvesOf(results: readonly ReportResult[], extras: Extras, task: string) {
  const left = results.map(({ layers }) => new Map(layers.map(({ name, kept }) => [name, kept])));
  const curves = (extras.curves.find((one) => one.task === task)?.layers ?? []).map(({ layer, points }) => ({
    title: layer,
    points: points.map(({ filters, rmseValidation }) => ({ filters, error: rmseValidation })),
    /** Filters that stay in each result; undefined in one whose report says nothing of the layer. */
    kept: left.map((of) => of.get(layer)),
  }));
  const all = curves.flatMap(({ points }) => points.map(({ error }) => error));
  const blind = Math.max(...curves.map(({ points }) => points[0]?.error ?? 0));
  const best = Math.min(...all);
  // What overfits beyond what predicting without looking gives leaves the picture.
  return { curves, range: [best, blind > best ? blind : best + 1] as const };
}

export function curveGrid(drawn: Drawn, task: string): readonly Figure[] {
  const { curves, range } = curvesOf([drawn.result], drawn.extras, task);
  if (curves.length === 0) return [];
  const title = `Error of a linear probe for ${task} against filters, layer by layer`;
  return [
    {
      name: fileName(drawn.result.label, 'curves', task),
      drawing: (
        <CurveGrid
          title={title}
          curves={curves.map(({ kept: [knee], ...curve }) => ({ ...curve, knee }))}
          range={range}
        />
      ),
    },
  ];
}

export function trainings({ result: { arms, metric: stages, label } }: Drawn): readonly Figure[] {
  return arms
    .filter(({ history }) => history.length > 1)
    .flatMap(({ arm, history, bestEpoch }) => {
      const of = (value: (record: (typeof history)[number]) => number | null) =>
        history.flatMap((record) => {
          const found = value(record);
          return found === null ? [] : [[record.epoch, found] as const];
        });
      const best = (points: readonly (readonly [number, number])[]) => points.find(([epoch]) => epoch === bestEpoch);
      const [validation, metrics] = [of((record) => record.validationLoss), of((record) => record.metric)];
      return [
        {
          name: fileName(label, 'loss', arm),
          drawing: (
            <Lines
              title={`${ARM_NAMES[arm]}: loss by epoch`}
              lines={[
                { name: 'validation, best epoch marked', points: validation, chosen: best(validation) },
                { name: 'training', points: of((record) => record.loss) },
              ]}
              format={tick}
              axis={['epoch', `${ARM_NAMES[arm]}: loss`]}
            />
          ),
        },
        {
          name: fileName(label, 'epochs', arm),
          drawing: (
            <Lines
              title={`${ARM_NAMES[arm]}: ${metricLabel(stages.name)} by epoch`}
              lines={[{ name: 'validation, best epoch marked', points: metrics, chosen: best(metrics) }]}
              format={(value) => metricTick(stages.name, value)}
              axis={['epoch', `${ARM_NAMES[arm]}: ${metricLabel(stages.name)}`]}
            />
          ),
        },
      ];
    });
}

/** Every figure of a result, no two of one name: tasks may differ in what no name of a file can say. */
export function figuresOf(drawn: Drawn): readonly Figure[] {
  const taken = new Map<string, number>();
  return allOf(drawn).map(({ name, drawing }) => {
    // Not every disk tells large letters from small ones.
    const count = (taken.get(name.toLowerCase()) ?? 0) + 1;
    taken.set(name.toLowerCase(), count);
    return { name: count === 1 ? name : `${name}-${count}`, drawing };
  });
}

function allOf(drawn: Drawn): readonly Figure[] {
  const { result } = drawn;
  const tasks = result.tasks.map(({ task }) => task);
  return [
    sizes(drawn),
    latency(drawn),
    ...tasks.map((task) => stages(drawn, task)),
    ...criteria(drawn),
    ...rounds(drawn),
    ...result.perClass.flatMap((found) => [
      ...classes(drawn, found),
      ...confusions(drawn, found),
      ...errors(drawn, found),
    ]),
    widths(drawn),
    ...layerTimes(drawn),
    ...tasks.flatMap((task) => curveGrid(drawn, task)),
    ...trainings(drawn),
  ];
}
