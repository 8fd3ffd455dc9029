import { gradientTable, type Row } from '../testing/gradient-table.ts';

const along = (op: string, axis?: number): Row => ({
  op,
  operands: { x: [2, 4, 3] },
  attributes: axis === undefined ? {} : { axis },
});

gradientTable('softmax', {
  'Softmax along the last axis': along('Softmax'),
  'Softmax along the first axis': along('Softmax', 0),
  'Softmax along channels': along('Softmax', -2),
  'LogSoftmax along the last axis': along('LogSoftmax'),
  'LogSoftmax along channels': along('LogSoftmax', 1),
});
