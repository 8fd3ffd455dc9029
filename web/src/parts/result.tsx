import type { ReactNode } from 'react';
import { Bars } from '../charts/bars.tsx';
import { bytes, change, count, metric, metricLabel, words } from '../format.ts';
import type { ResultFieldsFragment } from '../generated/graphql.ts';

/** What came of one cut: the verdict first, then what it rests on. */
export function Result({ result }: { readonly result: ResultFieldsFragment }): ReactNode {
  const { verdict, before, after, metric: stages, arms, criteria, layers, proof, perClass, warnings, label } = result;
  const say = (value: number | null): string => (value === null ? '–' : metric(stages.name, value));
  return (
    <article className="card" aria-label={label}>
      <h2>{label}</h2>
      <p className="verdict">{verdict}</p>
      <table className="list">
        <caption>Before and after</caption>
        <tbody>
          {(
            [
              [
                'parameters',
                count(before.parameters),
                count(after.parameters),
                change(before.parameters, after.parameters),
              ],
              ['MACs', count(before.macs), count(after.macs), change(before.macs, after.macs)],
              ['weights', bytes(before.bytes), bytes(after.bytes), change(before.bytes, after.bytes)],
              [
                'ms for one image',
                before.latencyMs.p50.toPrecision(3),
                after.latencyMs.p50.toPrecision(3),
                change(before.latencyMs.p50, after.latencyMs.p50),
              ],
            ] as const
          ).map(([name, was, is, less]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{was}</td>
              <td>{is}</td>
              <td>{less}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table className="list">
        <caption>
          {metricLabel(stages.name)} on test images; guessing {say(stages.chance)}
        </caption>
        <tbody>
          {(
            [
              ['linear probe on the whole network', stages.probe],
              ['as it was cut', stages.pruned],
              ['healed', stages.healed],
              ['head fitted again', stages.refit],
            ] as const
          ).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{say(value)}</td>
              <td />
            </tr>
          ))}
          {arms.map(({ arm, metric: value, interval, epochs }) => (
            <tr key={arm}>
              <th scope="row">{words(arm)}</th>
              <td>
                <strong>{say(value)}</strong>
                {interval && ` (${say(interval.low)} to ${say(interval.high)})`}
              </td>
              <td>{epochs !== null && `${epochs} epochs`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {criteria.length > 0 && (
        <table className="list">
          <caption>Other ways to choose filters, at the same MACs</caption>
          <tbody>
            {criteria.map(({ criterion, refit, finetuned }) => (
              <tr key={criterion}>
                <th scope="row">{words(criterion)}</th>
                <td>{say(refit)}</td>
                <td>{say(finetuned)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {perClass
        .filter(({ classes }) => classes.length > 0)
        .map(({ task, classes }) => (
          <table key={task} className="list">
            <caption>F1 of each class of {task}, before and after</caption>
            <tbody>
              {classes.map(({ name, images, before: was, after: is }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{images} images</td>
                  <td>{was.f1?.toFixed(3) ?? '–'}</td>
                  <td>{is.f1?.toFixed(3) ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      <Bars
        caption="Filters of each layer that stay"
        bars={layers.map(({ name, filters, kept, reason, note }) => ({
          name,
          whole: filters,
          part: kept,
          text: `${kept} of ${filters}`,
          note: reason ?? note,
        }))}
      />
      <p className={proof.passed ? 'quiet' : 'problem'}>
        {proof.passed ? 'Proved' : 'Not proved'}: the cut network equals the whole one with the removed filters masked,
        to a share of {proof.maxRelDiff.toExponential(1)} ({proof.tolerance.toExponential(1)} allowed).
      </p>
      {warnings.length > 0 && (
        <ul className="quiet">
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </article>
  );
}
