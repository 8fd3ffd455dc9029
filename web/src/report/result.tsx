import { isTailNoise } from '@kneepoint/workflow/tail-noise';
import type { ReactNode } from 'react';
import {
  bytes,
  change,
  count,
  duration,
  joined,
  metric,
  metricLabel,
  milliseconds,
  percent,
  tick,
  words,
} from '../format.ts';
import { Table } from '../parts/table.tsx';
import { ARM_NAMES, type Stage, stagesOf, unitOf } from './facts.ts';
import {
  criteria as criteriaFigures,
  type Drawn,
  latency,
  rounds as roundsFigures,
  sizes,
  stages as stagesFigure,
  trainings,
} from './figures.tsx';
import { Layers } from './layers.tsx';
import { PerClass } from './per-class.tsx';
import { Proof } from './proof.tsx';
import { Section } from './section.tsx';

/** One network: the verdict first, then what it rests on. */
export function Result(drawn: Drawn): ReactNode {
  const { label, verdict, warnings, delivered, perClass } = drawn.result;
  return (
    <article className="card result" aria-label={label}>
      <h2>{label}</h2>
      <p className="verdict">{joined(verdict)}</p>
      {warnings.length > 0 && (
        <ul className="warnings">
          {warnings.map((warning) => (
            <li key={warning}>{joined(warning)}</li>
          ))}
        </ul>
      )}
      <Section title="Before and after" figures={[sizes(drawn), latency(drawn)]}>
        <BeforeAfter {...drawn} />
      </Section>
      <Stages {...drawn} />
      <Goal {...drawn} />
      {perClass.map((found) => (
        <PerClass key={found.task} drawn={drawn} found={found} />
      ))}
      <Layers {...drawn} />
      <Section title="Trainings" figures={trainings(drawn)}>
        <Trainings {...drawn} />
      </Section>
      <Proof result={drawn.result} />
      <p className="quiet">
        Delivered: {ARM_NAMES[delivered.arm]}, {bytes(delivered.bytes)}, SHA-256 <code>{delivered.sha256}</code>. For
        classes it gives {delivered.scores === 'logits' ? 'logits' : 'outputs regressed to 0 and 1'}
        {delivered.tasks
          .filter(({ thresholds }) => thresholds.length > 0)
          .map(({ task, thresholds }) => `; thresholds of ${task}: ${thresholds.map(tick).join(', ')}`)
          .join('')}
        .
      </p>
    </article>
  );
}

function BeforeAfter({ result: { before, after, arms } }: Drawn): ReactNode {
  const row = (name: string, was: number, is: number, format: (value: number) => string) => [
    name,
    format(was),
    format(is),
    change(was, is),
  ];
  const noisy = [before, after, ...arms].some(({ latencyMs }) => isTailNoise(latencyMs));
  return (
    <>
      <Table
        caption="The whole network and the delivered one"
        head={['', 'before', 'after', 'change']}
        rows={[
          row('parameters', before.parameters, after.parameters, count),
          row('MACs', before.macs, after.macs, count),
          row('file', before.bytes, after.bytes, bytes),
          row('ms for one image, p50', before.latencyMs.p50, after.latencyMs.p50, milliseconds),
          row('ms for one image, p95', before.latencyMs.p95, after.latencyMs.p95, milliseconds),
        ]}
      />
      <p className="quiet">
        Times are of 30 runs, one network after the other in turn.{' '}
        {noisy
          ? 'p95 is noise here: it rests on the two slowest runs, which took far longer than the median; go by p50.'
          : 'p95 rests on the two slowest of them.'}
      </p>
    </>
  );
}

function Stages(drawn: Drawn): ReactNode {
  const { result, report } = drawn;
  const { metric: joint, tasks, criteria } = result;
  const several = tasks.length > 1;
  return (
    <Section
      title="What each step does"
      figures={[...tasks.map(({ task }) => stagesFigure(drawn, task)), ...criteriaFigures(drawn)]}
    >
      {several && (
        <StageTable
          name={joint.name}
          caption={`All tasks together: ${metricLabel(joint.name)}, higher is better`}
          stages={stagesOf(result)}
        />
      )}
      {tasks.map(({ task, images, name, higherIsBetter }) => (
        <StageTable
          key={task}
          name={name}
          caption={`${metricLabel(name)} of ${task}${unitOf(report, task)} on ${images} test images, ${higherIsBetter ? 'higher' : 'lower'} is better`}
          stages={stagesOf(result, task)}
        />
      ))}
      {criteria.length > 0 && (
        <Table
          caption="Other ways to choose filters, at the same MACs"
          head={['criterion', 'parameters', 'MACs', 'head fitted again', 'finetuned']}
          rows={criteria.map(({ criterion, parameters, macs, refit, finetuned }) => [
            words(criterion),
            count(parameters),
            count(macs),
            metric(joint.name, refit),
            finetuned === undefined ? '–' : metric(joint.name, finetuned),
          ])}
          strong={0}
        />
      )}
    </Section>
  );
}

interface StageTableProps {
  readonly name: string;
  readonly caption: string;
  readonly stages: readonly Stage[];
}

function StageTable({ name, caption, stages }: StageTableProps): ReactNode {
  const say = (value: number): string => metric(name, value);
  return (
    <Table
      caption={caption}
      head={['network', 'test', '95\u00A0% interval', 'validation', 'parameters', 'MACs', 'p50, ms', 'p95, ms']}
      rows={stages.map(({ name: stage, value, interval, validation, arm }) => [
        stage,
        say(value),
        interval ? `${say(interval.low)} to ${say(interval.high)}` : '',
        validation === null ? '' : say(validation),
        ...(arm === null
          ? ['', '', '', '']
          : [count(arm.parameters), count(arm.macs), milliseconds(arm.latencyMs.p50), milliseconds(arm.latencyMs.p95)]),
      ])}
      strong={stages.findIndex(({ delivered }) => delivered)}
    />
  );
}

/** What was asked for, and the networks on the way to it. */
function Goal(drawn: Drawn): ReactNode {
  const { result } = drawn;
  const { keep, target, rounds, epsilon, metric: joint } = result;
  return (
    <Section title="What was asked for" figures={roundsFigures(drawn)}>
      {epsilon !== null && <p>Each layer cut at the knee of its curve, ε = {epsilon}.</p>}
      {keep && (
        <Table
          caption={keep.met ? 'The goal is met on validation' : 'The goal was missed on validation'}
          head={[
            'task',
            'whole, validation',
            'at the worst',
            'delivered, validation',
            'whole, test',
            'delivered, test',
          ]}
          rows={keep.tasks.map(({ task, whole, bound, validation, test }) => {
            const name = result.tasks.find((one) => one.task === task)!.name;
            return [
              task,
              ...[whole.validation, bound, validation, whole.test, test].map((value) => metric(name, value)),
            ];
          })}
        />
      )}
      {target && !keep && (
        <Table
          caption={`Target: ${words(target.target.kind)}`}
          head={['', 'before', 'at most', 'planned', 'reached']}
          rows={[
            [
              words(target.target.kind),
              ...[target.before, target.atMost, target.planned, target.reached].map(
                target.target.kind === 'latency' ? milliseconds : count,
              ),
            ],
          ]}
        />
      )}
      {rounds.length > 0 && (
        <Table
          caption="Networks that were trained on the way"
          head={['left', 'parameters', 'MACs', 'validation', 'test', 'kept of the whole', 'goal', 'epochs', 'time']}
          rows={rounds.map((round) => [
            percent(round.share),
            count(round.parameters),
            count(round.macs),
            metric(joint.name, round.validation),
            metric(joint.name, round.test),
            percent(round.kept),
            round.keeps === null ? '' : round.keeps ? 'kept' : 'missed',
            round.epochs,
            duration(round.seconds),
          ])}
          strong={rounds.findIndex(({ delivered }) => delivered)}
        />
      )}
    </Section>
  );
}

function Trainings({ result: { arms } }: Drawn): ReactNode {
  const trained = arms.filter(({ epochs }) => epochs !== null);
  if (trained.length === 0) return <p>Nothing was trained.</p>;
  return (
    <Table
      caption="Epochs and speed of each training"
      head={[
        'network',
        'epochs',
        'best epoch',
        'time',
        'images a second',
        'last training loss',
        'best validation loss',
      ]}
      rows={trained.map(({ arm, epochs, bestEpoch, seconds, imagesPerSecond, history }) => {
        const last = history.at(-1)?.loss ?? null;
        return [
          ARM_NAMES[arm],
          epochs,
          bestEpoch,
          seconds === null ? '' : duration(seconds),
          imagesPerSecond === null ? '' : count(imagesPerSecond),
          last === null ? '' : last.toPrecision(3),
          history.length === 0 ? '' : Math.min(...history.map(({ validationLoss }) => validationLoss)).toPrecision(3),
        ];
      })}
    />
  );
}
