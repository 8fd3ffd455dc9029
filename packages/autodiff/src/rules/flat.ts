import type { DataType } from '@kneepoint/onnx';
import { intAttr, isFloatType } from '@kneepoint/onnx';
import { refused } from './operands.ts';
import type { OperatorRule, RuleSet, Site } from './rule.ts';
import { FLAT, vjp } from './rule.ts';

const OPERATORS = [
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or', 'Not', 'Xor', 'IsInf', 'IsNaN'],
  ...['Floor', 'Ceil', 'Round', 'Sign', 'Hardmax'],
  ...['ArgMax', 'ArgMin', 'NonZero', 'Shape', 'Size', 'Range', 'ConstantOfShape', 'EyeLike'],
  ...['BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseNot', 'BitwiseXor', 'NonMaxSuppression'],
  ...['RandomNormalLike', 'RandomUniformLike'],
];

/** Operators whose output does not move with their inputs, and those that only change the element type. */
export const flat: RuleSet = {
  ...Object.fromEntries(OPERATORS.map((operator) => [operator, FLAT])),

  Identity: vjp((_site, [dy]) => [dy]),
  // Networks in half precision train in the element type of the step.
  Cast: cast((site) => intAttr(site.node, 'to')),
  CastLike: cast((site) => site.emit.typeOf(site.inputs[1]!).type),

  OneHot: vjp((site) => {
    if (site.wants(2)) throw refused(site, 'its values train');
    return [];
  }),
};

function cast(target: (site: Site) => number): OperatorRule {
  return {
    forward: (site) => {
      const { emit } = site;
      const [x] = site.inputs as [string];
      const type = (isFloatType(target(site)) ? emit.float : target(site)) as DataType;
      return [emit.typeOf(x).type === type ? emit.unary('Identity', x) : emit.cast(x, type)];
    },
    vjp: ({ emit, inputs: [x], outputs: [y] }, [dy]) => {
      const differentiable = [x!, y!].every((value) => isFloatType(emit.typeOf(value).type));
      return [differentiable ? dy : undefined];
    },
  };
}
