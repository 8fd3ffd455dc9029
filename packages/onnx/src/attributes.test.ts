import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  floatAttr,
  floatsAttr,
  hasAttr,
  intAttr,
  intsAttr,
  removeAttr,
  setAttr,
  stringAttr,
  tensorAttr,
} from './attributes.ts';
import { AttributeProtoSchema, AttributeType, NodeProtoSchema } from './proto.ts';
import { floatTensor, writeTensor } from './tensor.ts';
import { failureOf } from './testing/failing.ts';

const node = () => create(NodeProtoSchema, { name: 'n', opType: 'Op' });

describe('attributes', () => {
  it('come back as they were set', () => {
    const op = node();
    const tensor = writeTensor('t', floatTensor([1], [2]));
    setAttr(op, 'axis', -1);
    setAttr(op, 'pads', [1, 2]);
    setAttr(op, 'alpha', { float: 0.5 });
    setAttr(op, 'scales', { floats: [1, 2.5] });
    setAttr(op, 'mode', 'nearest');
    setAttr(op, 'value', { tensor });
    expect(intAttr(op, 'axis')).toBe(-1);
    expect(intsAttr(op, 'pads')).toEqual([1, 2]);
    expect(floatAttr(op, 'alpha')).toBe(0.5);
    expect(floatsAttr(op, 'scales')).toEqual([1, 2.5]);
    expect(stringAttr(op, 'mode')).toBe('nearest');
    expect(tensorAttr(op, 'value')).toBe(tensor);
  });

  it('fall back only when absent, also to 0 and the empty list', () => {
    const op = node();
    expect([intAttr(op, 'a', 0), floatAttr(op, 'b', 0), intsAttr(op, 'c', []), stringAttr(op, 'd', '')]).toEqual([
      0,
      0,
      [],
      '',
    ]);
    setAttr(op, 'a', 0);
    expect(intAttr(op, 'a', 7)).toBe(0);
  });

  it('keep the type of a float that is set to a whole number', () => {
    const op = node();
    setAttr(op, 'alpha', { float: 0.5 });
    setAttr(op, 'alpha', 1);
    expect(floatAttr(op, 'alpha')).toBe(1);
    expect(op.attribute).toHaveLength(1);
  });

  it('can be removed', () => {
    const op = node();
    setAttr(op, 'a', 1);
    removeAttr(op, 'a');
    expect(hasAttr(op, 'a')).toBe(false);
  });

  it('are read without a type tag, as the first format version wrote them', () => {
    const op = node();
    op.attribute.push(create(AttributeProtoSchema, { name: 'axis', i: 3n }));
    expect(intAttr(op, 'axis')).toBe(3);
  });

  it('clamp 64-bit integers to safe ones', () => {
    const op = node();
    op.attribute.push(create(AttributeProtoSchema, { name: 'ends', type: AttributeType.INTS, ints: [2n ** 63n - 1n] }));
    expect(intsAttr(op, 'ends')).toEqual([Number.MAX_SAFE_INTEGER]);
  });

  it('fail with the node and what was found', () => {
    const op = node();
    setAttr(op, 'axis', 'x');
    expect(failureOf(() => intAttr(op, 'axis'))).toEqual({
      code: 'ATTRIBUTE_TYPE',
      message: 'attribute axis is STRING, not INT',
      where: 'node n (Op)',
    });
    expect(failureOf(() => intAttr(op, 'k'))).toMatchObject({
      code: 'ATTRIBUTE_MISSING',
      message: 'attribute k is missing',
    });
    expect(failureOf(() => setAttr(op, 'k', 0.5)).message).toBe('attribute k was given 0.5 as an integer');
  });
});
