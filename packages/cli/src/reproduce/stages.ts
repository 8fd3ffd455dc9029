import type { Position } from '@kneepoint/reproduction';
import { note } from '../output.ts';
import { duration } from '../render/number.ts';

/** A part of a reproduction and how many seconds it takes on two quiet cores, as a guess. */
export interface Stage {
  readonly name: string;
  readonly seconds: number;
}

/** A stage that took less than this share of its guess found its work done. */
const FOUND_DONE = 0.15;

/** Says before each stage how much is done and how much time is left, by how the stages so far compare with their guesses. */
export class Stages {
  readonly #all: readonly Stage[];
  #next = 0;
  /** Guessed and measured seconds of the stages that had work to do. */
  #guessed = 0;
  #measured = 0;

  constructor(all: readonly Stage[]) {
    this.#all = all;
  }

  /** Runs the next stage, which must be the one of this name. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const stage = this.#all[this.#next];
    if (stage?.name !== name) throw new Error(`the next stage is ${stage?.name ?? 'none'}, not ${name}`);
    note(this.#line(stage));
    this.#next++;
    const started = performance.now();
    const result = await work();
    const seconds = (performance.now() - started) / 1000;
    if (seconds >= FOUND_DONE * stage.seconds) {
      this.#guessed += stage.seconds;
      this.#measured += seconds;
    }
    return result;
  }

  /** While a stage runs. */
  position(): Position {
    const stage = this.#all[this.#next - 1];
    if (stage === undefined) throw new Error('no stage has begun');
    const left = this.#all.slice(this.#next).map(({ name }) => name);
    return { stage: stage.name, number: this.#next, of: this.#all.length, left };
  }

  #line({ name }: Stage): string {
    const sum = (stages: readonly Stage[]): number => stages.reduce((total, { seconds }) => total + seconds, 0);
    const [done, left] = [sum(this.#all.slice(0, this.#next)), sum(this.#all.slice(this.#next))];
    const pace = this.#guessed > 0 ? this.#measured / this.#guessed : 1;
    const share = Math.floor((100 * done) / Math.max(1, done + left));
    return `[${this.#next + 1}/${this.#all.length}] ${name} · ${share} % of all, about ${duration(left * pace)} left`;
  }
}
