/** What a model's inputs look like to those who read requests; made once for each model. */
import { Buffer } from 'node:buffer';
import type { FloatArray } from '../../buffers.ts';
import type { Port } from '../../graph/lower.ts';
import type { Model } from '../../model.ts';
import type { Column } from '../../rows/column.ts';
import { tooLarge } from './refusal.ts';
import type { ProtocolLimits } from './types.ts';

/** Of records, one value. */
export interface Field {
  readonly name: string;
  /** `"name"` as most clients write it. */
  readonly key: Uint8Array;
  readonly position: number;
  readonly input: number;
  /** Of the input's row. */
  readonly element: number;
  readonly column: Column;
}

export class Layout {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly columns: readonly Column[];
  /** In the order of the inputs, where the model knows names of features. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  readonly #Floats: Float32ArrayConstructor | Float64ArrayConstructor;
  /** Elements of one row: of all inputs, or of all outputs where those are more. */
  readonly #width: number;

  constructor(model: Model) {
    const { inputs, outputs } = model.ports;
    this.inputs = inputs;
    this.outputs = outputs;
    this.columns = model.rowReader.columns;
    const places = this.columns.flatMap((column, input) =>
      Array.from({ length: model.featureNames === undefined ? 0 : column.port.width }, (_, element) => {
        return { column, input, element };
      }),
    );
    this.fields = places.map((place, position) => {
      const name = model.featureNames?.[position] as string;
      return { ...place, name, position, key: Buffer.from(JSON.stringify(name)) };
    });
    this.byName = new Map(this.fields.map((field) => [field.name, field]));
    this.#Floats = model.precision === 'f64' ? Float64Array : Float32Array;
    const widthOf = (ports: readonly Port[]) => ports.reduce((total, { width }) => total + width, 0);
    this.#width = Math.max(widthOf(inputs), widthOf(outputs), 1);
  }

  /** New arrays of the inputs. */
  allocate(rows: number): FloatArray[] {
    return this.inputs.map(({ width, exact }) => new (exact ? Float64Array : this.#Floats)(rows * width));
  }

  /** Rows that a request may have. */
  mostRows(limits: ProtocolLimits): number {
    return Math.min(limits.rows, Math.floor(limits.elements / this.#width));
  }

  checkRows(rows: number, limits: ProtocolLimits): void {
    const most = this.mostRows(limits);
    if (rows > most) throw tooLarge(`the request has ${rows} rows; at most ${most} are answered at once`);
  }
}

const layouts = new WeakMap<Model, Layout>();

export function layoutOf(model: Model): Layout {
  let layout = layouts.get(model);
  if (layout === undefined) {
    layout = new Layout(model);
    layouts.set(model, layout);
  }
  return layout;
}
