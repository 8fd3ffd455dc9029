import { GraphBuilder } from '@kneepoint/onnx';
import { describe, it } from 'vitest';
import { checkGradient } from '../testing/check-gradient.ts';
import { gradientTable } from '../testing/gradient-table.ts';
import { checkForward } from '../testing/same-forward.ts';

gradientTable('the error function', {
  Erf: { op: 'Erf', operands: { x: [3, 5] } },
});

describe('Gelu', () => {
  it.each(['none', 'tanh'])(
    'with approximation %s agrees with difference quotients and the operator of opset 20',
    async (approximate) => {
      const graph = new GraphBuilder({ opset: 20 });
      graph.output(graph.node('Gelu', [graph.input('x', [4, 6])], { approximate }));
      const model = graph.build();
      await checkGradient({ model });
      await checkForward({ model });
    },
  );
});
