import { readFileSync, readdirSync } from 'node:fs';
import { decodeModel, Graph, costs } from '@kneepoint/onnx';
import { analyzeChannels, planCost, prove, prune, randomPlan } from '@kneepoint/pruning';
import { measureShapes, noise, run } from './testing/ort.ts';
const only = process.argv.slice(2);
for (const f of readdirSync('/tmp/kp/zoo').sort()) {
  const name = f.replace('.onnx', '');
  if (only.length && !only.includes(name)) continue;
  try {
    const model = decodeModel(readFileSync(`/tmp/kp/zoo/${f}`));
    const shapes = await measureShapes(model);
    const t0 = performance.now();
    const analysis = analyzeChannels(model, shapes);
    const t1 = performance.now();
    const plan = randomPlan(analysis, 0.5, 1);
    const t2 = performance.now();
    const dims = shapes.get(new Graph(model).inputs[0]!.name)!;
    const pruned = prune(model, shapes, plan);
    const t3 = performance.now();
    const proof = await prove({ model, shapes, plan, run, images: [noise([2, ...dims.slice(1)], 1)] });
    const real = costs(pruned, await measureShapes(pruned));
    console.log(
      name,
      `${(t1 - t0).toFixed(0)}+${(t2 - t1).toFixed(0)}+${(t3 - t2).toFixed(0)}ms`,
      proof.passed ? 'PASS' : 'FAIL',
      'macs',
      (plan.after.macs / plan.before.macs).toFixed(3),
      'params',
      (plan.after.parameters / plan.before.parameters).toFixed(3),
      'exact',
      real.macs === plan.after.macs && real.parameters === plan.after.parameters && real.bytes === plan.after.bytes,
      'removed',
      plan.removedClasses.length,
      'of',
      analysis.classes.length,
      'taps',
      analysis.taps.length,
      'rel',
      proof.maxRelDiff.toExponential(1),
      'he',
      proof.he.maxRelDiff.toExponential(1),
      'dep',
      proof.relativeDependence.toExponential(1),
      proof.he.relativeDependence.toExponential(1),
      'ctl',
      proof.negativeControl.diff.toExponential(1),
    );
    if (!proof.passed) console.log(JSON.stringify(proof.gates, null, 1));
    for (const fr of plan.frozen.slice(0, 4)) console.log('   frozen', fr.layer, fr.reason);
    if (only.length) for (const t of analysis.taps) console.log('   tap', t.layer, t.value, t.channels);
  } catch (e) {
    console.log(name, 'ERROR', (e as Error).stack?.slice(0, 600), (e as any).where);
  }
}
