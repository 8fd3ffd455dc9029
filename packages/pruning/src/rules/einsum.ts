import { stringAttr } from '@kneepoint/onnx';
import type { Rule } from '../trace/site.ts';
import type { Term } from './contraction.ts';
import { contraction } from './contraction.ts';
import { stop } from './unknown.ts';

/** Einsum: the equation names the axes of a contraction. */
export const einsum: Rule = (site) => {
  const equation = stringAttr(site.node, 'equation').replaceAll(/\s/g, '');
  if (equation.includes('.')) return stop(site, 'has an equation with an ellipsis');
  const [left = '', right] = equation.split('->');
  const terms: Term[] = left.split(',').map((term) => [...term]);
  return contraction(site, terms, right === undefined ? implicit(left) : [...right]);
};

/** Without an arrow the result has the letters that occur once, in alphabetical order. */
function implicit(left: string): Term {
  const letters = [...left].filter((letter) => letter !== ',');
  return letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort();
}
