/** From rows as people hold them to what `predict` and `predictProba` say. */
import { type FloatArray, withLists } from './buffers.ts';
import type { Calls } from './calls.ts';
import { ForwardpassError } from './errors.ts';
import { type Decision, decidedOutput, type Target } from './graph/graph.ts';
import { both, eachAbove, type Label, labelsOf, sideBySide } from './labels.ts';
import type { FlatRows } from './rows.ts';
import { quote } from './words.ts';

/** What is said of outputs by name, of those of a list together in an array. */
export type Answers<T> = Record<string, T> | Record<string, T | T[]>;

/** Of several rows: labels or values of all, row after row; of a model with several outputs, of each by its name. */
export type Predictions = Label[] | FloatArray | Answers<FloatArray>;
/** Of one record: its label or value, an array where an output is wider; of several outputs or targets, each by name. */
export type Prediction = Label | FloatArray | Answers<Label | FloatArray>;

/** Probabilities of several rows, rows × classes; of several targets, of each under its output's name. */
export type Probabilities = FloatArray | Answers<FloatArray>;
/** Probabilities of one record by class, under the class as a string; of several targets, of each by its output's name. */
export type Probability = Record<string, number> | Answers<Record<string, number>>;

/** How a model's outputs are understood. */
export interface Understood {
  readonly classes?: readonly Label[];
  readonly decision?: Decision;
  readonly targets?: readonly Target[];
}

export class Predictor {
  readonly #calls: Calls;
  readonly #deciding: Calls;
  readonly #classes: readonly Label[] | undefined;
  readonly #decision: Decision | undefined;
  readonly #targets: readonly Target[] | undefined;

  /** `deciding` are calls whose outputs, of the same names, decide labels. */
  constructor({ classes, decision, targets }: Understood, calls: Calls, deciding: Calls) {
    this.#calls = calls;
    this.#deciding = deciding;
    this.#classes = classes;
    this.#decision = decision;
    this.#targets = targets;
  }

  /** Whether {@link predict} gives one of the classes for each row. */
  get givesLabels(): boolean {
    if (this.#targets !== undefined || this.#classes === undefined || !this.#isAboutOne) return false;
    const isList = this.#decision?.rule === 'each_above' || (this.#decision?.rule === 'value' && this.#isWide);
    return this.#decision !== undefined && !isList;
  }

  get #isWide(): boolean {
    return this.#calls.outputs[this.#decided].width > 1;
  }

  predict(rows: FlatRows): Predictions | Prediction {
    const values = this.#deciding.runRows(rows);
    if (this.#targets !== undefined) return this.#labelsOfTargets(this.#targets, values, rows.isRecord);
    if (!this.#isAboutOne) return this.#byName(values, (value) => (rows.isRecord ? alone(value) : value));
    const answers = this.#answers(values[this.#decided]);
    return rows.isRecord ? alone(answers) : answers;
  }

  /** Rows are read once it is clear that there are probabilities: else it throws NOT_A_CLASSIFIER. */
  predictProba(read: () => FlatRows): Probabilities | Probability {
    if (this.#targets !== undefined) return this.#probabilitiesOfTargets(this.#targets, read);
    const decision = this.#decision;
    if (decision === undefined) throw noProbabilities('values');
    if (!decision.probabilities) throw noProbabilities('scores');
    const rows = read();
    const values = this.#calls.runRows(rows);
    const probable = this.#portsOf(decision.probable ?? []);
    const parts = probable.map((at) => values[at]);
    if (decision.apart) {
      const ports = probable.map((at) => this.#calls.outputs[at]);
      if (!rows.isRecord) return withLists(ports, parts);
      return withLists<Record<string, number>>(
        ports,
        parts.map((part) => byClass(part, undefined)),
      );
    }
    const probabilities = parts.length === 0 ? bothOf(values[this.#decided], decision) : sideBySide(parts);
    return rows.isRecord ? byClass(probabilities, this.#classes) : probabilities;
  }

  /** Whether one output makes the prediction. */
  get #isAboutOne(): boolean {
    return this.#calls.outputs.length === 1 || this.#decision?.output !== undefined;
  }

  /** Its position. */
  get #decided(): number {
    return decidedOutput({ outputs: this.#calls.outputs, decision: this.#decision });
  }

  #answers(values: FloatArray): Label[] | FloatArray {
    const [classes, decision] = [this.#classes, this.#decision];
    if (decision?.rule === 'each_above') return eachAbove(values, decision);
    // Labels that a row may each have are no list of classes.
    if (decision?.rule === 'value' && this.#isWide) return values;
    return classes === undefined || decision === undefined ? values : labelsOf(values, classes, decision);
  }

  #labelsOfTargets(
    targets: readonly Target[],
    values: readonly FloatArray[],
    isRecord: boolean,
  ): Label[] | Answers<Label | FloatArray> {
    const columns = targets.map(({ classes, decision }, i) => labelsOf(values[i], classes, decision));
    if (isRecord) return this.#byName(columns, alone);
    return columns[0].flatMap((_, row) => columns.map((labels) => labels[row]));
  }

  #probabilitiesOfTargets(targets: readonly Target[], read: () => FlatRows): Probabilities | Probability {
    if (!targets.every(({ decision }) => decision.probabilities)) throw noProbabilities('scores');
    const rows = read();
    const values = this.#calls.runRows(rows).map((value, i) => bothOf(value, targets[i].decision));
    return rows.isRecord
      ? this.#byName(values, (value, i) => byClass(value, targets[i].classes))
      : this.#byName(values, (value) => value);
  }

  #byName<V, T>(values: readonly V[], answer: (value: V, output: number) => T): Answers<T> {
    return withLists(this.#calls.outputs, values.map(answer));
  }

  #portsOf(names: readonly string[]): number[] {
    return names.map((name) => this.#calls.outputs.findIndex((port) => port.name === name));
  }
}

/** Probabilities of all classes, where a model may give that of the second of two. */
function bothOf(values: FloatArray, { rule }: Decision): FloatArray {
  return rule === 'above' ? both(values) : values;
}

/** What there is one of stands by itself. */
function alone(answers: Label[] | FloatArray): Label | FloatArray {
  return answers.length === 1 ? answers[0] : (answers as FloatArray);
}

/** Probabilities of one row. Where the model knows no classes, they go by position. */
function byClass(values: FloatArray, classes: readonly Label[] | undefined): Record<string, number> {
  const named: Record<string, number> = Object.create(null);
  values.forEach((value, i) => {
    const name = String(classes?.[i] ?? i);
    if (name in named) {
      const message = `two classes are called ${quote(name)}; predictProba([record]) gives an array of them`;
      throw new ForwardpassError('NOT_A_CLASSIFIER', message);
    }
    named[name] = value;
  });
  return named;
}

function noProbabilities(what: 'values' | 'scores'): ForwardpassError {
  const message = `the model's output is ${what}, not class probabilities; use run() or predict()`;
  return new ForwardpassError('NOT_A_CLASSIFIER', message);
}
