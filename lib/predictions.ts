/** Computes the results of `predict` and `predictProba` from rows of JavaScript values. */
import { type FloatArray, withLists } from './buffers.ts';
import type { Calls } from './calls.ts';
import { ForwardpassError } from './errors.ts';
import { type Decision, decidedOutput, type Target } from './graph/graph.ts';
import { both, eachAbove, type Label, labelsOf, sideBySide } from './labels.ts';
import { quote } from './messages.ts';
import type { FlatRows } from './rows.ts';

/** An answer for each output by its name; those of a list are together in an array. @inline */
export type Answers<T> = Record<string, T> | Record<string, T | T[]>;

/** `predict` of several rows: labels or values, row after row; for several outputs, by name. */
export type Predictions = Label[] | FloatArray | Answers<FloatArray>;
/** `predict` of one record: its label or value, or an array if the output is wider; for several outputs or targets, by name. */
export type Prediction = Label | FloatArray | Answers<Label | FloatArray>;

/** `predictProba` of several rows: rows × classes; for several targets, by the name of the output. */
export type Probabilities = FloatArray | Answers<FloatArray>;
/** `predictProba` of one record: by class, as a string; for several targets, by the name of the output. */
export type Probability = Record<string, number> | Answers<Record<string, number>>;

/** The results of rows that ran, with an array for each output. */
export interface Ran {
  readonly outputs: readonly FloatArray[];
  /** The values that decide labels, for outputs of the same names. */
  readonly deciding: readonly FloatArray[];
}

export interface Interpreted {
  readonly predicted: Predictions;
  /** Undefined for a model without probabilities. */
  readonly probabilities: Probabilities | undefined;
}

/** How a model's outputs are interpreted. */
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

  /** `deciding` are calls whose outputs, with the same names, decide labels. */
  constructor({ classes, decision, targets }: Understood, calls: Calls, deciding: Calls) {
    this.#calls = calls;
    this.#deciding = deciding;
    this.#classes = classes;
    this.#decision = decision;
    this.#targets = targets;
  }

  /** Whether {@link predict} returns one of the classes for each row. */
  get givesLabels(): boolean {
    if (this.#targets !== undefined || this.#classes === undefined || !this.#isAboutOne) return false;
    const isList = this.#decision?.rule === 'each_above' || (this.#decision?.rule === 'value' && this.#isWide);
    return this.#decision !== undefined && !isList;
  }

  get #isWide(): boolean {
    return this.#calls.outputs[this.#decided].width > 1;
  }

  predict(rows: FlatRows): Predictions | Prediction {
    return this.#predicted(this.#deciding.runRows(rows), rows.isRecord);
  }

  /** Runs what {@link interpret} needs: the outputs, and in `deciding` the values that decide labels. */
  run(rows: FlatRows): Ran {
    const outputs = this.#calls.runRows(rows);
    return { outputs, deciding: this.#deciding === this.#calls ? outputs : this.#deciding.runRows(rows) };
  }

  /** The same, off the event loop. */
  async runAsync(rows: FlatRows): Promise<Ran> {
    const outputs = await this.#calls.runRowsAsync(rows);
    return { outputs, deciding: this.#deciding === this.#calls ? outputs : await this.#deciding.runRowsAsync(rows) };
  }

  /** The result of `predict` for rows that ran, and that of `predictProba` if there are probabilities. */
  interpret({ outputs, deciding }: Ran): Interpreted {
    const predicted = this.#predicted(deciding, false) as Predictions;
    return {
      predicted,
      probabilities: this.#hasProbabilities ? (this.#probable(outputs, false) as Probabilities) : undefined,
    };
  }

  #predicted(values: readonly FloatArray[], isRecord: boolean): Predictions | Prediction {
    if (this.#targets !== undefined) return this.#labelsOfTargets(this.#targets, values, isRecord);
    if (!this.#isAboutOne) return this.#byName(values, (value) => (isRecord ? alone(value) : value));
    const answers = this.#answers(values[this.#decided]);
    return isRecord ? alone(answers) : answers;
  }

  /** Throws NOT_A_CLASSIFIER before reading rows if there are no probabilities. */
  predictProba(read: () => FlatRows): Probabilities | Probability {
    if (!this.#hasProbabilities) throw noProbabilities(this.#isClassifier ? 'scores' : 'values');
    const rows = read();
    return this.#probable(this.#calls.runRows(rows), rows.isRecord);
  }

  get #isClassifier(): boolean {
    return this.#targets !== undefined || this.#decision !== undefined;
  }

  get #hasProbabilities(): boolean {
    if (this.#targets !== undefined) return this.#targets.every(({ decision }) => decision.probabilities);
    return this.#decision?.probabilities === true;
  }

  #probable(values: readonly FloatArray[], isRecord: boolean): Probabilities | Probability {
    if (this.#targets !== undefined) return this.#probabilitiesOfTargets(this.#targets, values, isRecord);
    const decision = this.#decision as Decision;
    const probable = this.#portsOf(decision.probable ?? []);
    const parts = probable.map((at) => values[at]);
    if (decision.apart) {
      const ports = probable.map((at) => this.#calls.outputs[at]);
      if (!isRecord) return withLists(ports, parts);
      return withLists<Record<string, number>>(
        ports,
        parts.map((part) => byClass(part, undefined)),
      );
    }
    const probabilities = parts.length === 0 ? bothOf(values[this.#decided], decision) : sideBySide(parts);
    return isRecord ? byClass(probabilities, this.#classes) : probabilities;
  }

  /** Whether one output makes the prediction. */
  get #isAboutOne(): boolean {
    return this.#calls.outputs.length === 1 || this.#decision?.output !== undefined;
  }

  /** The position of that output. */
  get #decided(): number {
    return decidedOutput({ outputs: this.#calls.outputs, decision: this.#decision });
  }

  #answers(values: FloatArray): Label[] | FloatArray {
    const [classes, decision] = [this.#classes, this.#decision];
    if (decision?.rule === 'each_above') return eachAbove(values, decision);
    // For multilabel outputs, labels are not one of the classes.
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

  #probabilitiesOfTargets(
    targets: readonly Target[],
    outputs: readonly FloatArray[],
    isRecord: boolean,
  ): Probabilities | Probability {
    const values = outputs.map((value, i) => bothOf(value, targets[i].decision));
    return isRecord
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

/** Probabilities of all classes; a model may return only that of the second of two. */
function bothOf(values: FloatArray, { rule }: Decision): FloatArray {
  return rule === 'above' ? both(values) : values;
}

/** A single answer itself, several as an array. */
function alone(answers: Label[] | FloatArray): Label | FloatArray {
  return answers.length === 1 ? answers[0] : (answers.slice() as FloatArray);
}

/** Probabilities of one row. If the model has no classes, they are named by position. */
function byClass(values: FloatArray, classes: readonly Label[] | undefined): Record<string, number> {
  const named: Record<string, number> = Object.create(null);
  values.forEach((value, i) => {
    const name = String(classes?.[i] ?? i);
    if (name in named) {
      const message = `two classes are named ${quote(name)}; predictProba([record]) returns an array`;
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
