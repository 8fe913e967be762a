/** The layout of a model's inputs for readers of requests; created once for each model. */
import type { FloatArray } from '../../buffers.ts';
import type { Port } from '../../graph/lower.ts';
import type { Model } from '../../model.ts';
import type { Column } from '../../rows/column.ts';
import type { FeatureRows } from '../../rows/feature-rows.ts';
import type { TensorInfo } from '../../tensor-info.ts';
import { tokenOf } from './json-scanner.ts';
import { tooLarge } from './refusal.ts';
import type { ProtocolLimits } from './types.ts';

/** A field of a record with a single value. */
export interface Field {
  readonly name: string;
  /** `"name"` as most clients write it. */
  readonly key: Uint8Array;
  readonly position: number;
  readonly input: number;
  /** The element in the input's row. */
  readonly element: number;
  readonly column: Column;
}

export class Layout {
  /**
   * The inputs for clients. For a model with custom steps: what is known of its rows, where a size of −1 may be any.
   * For a model of texts: its features, or a single input if several features have no names.
   */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** The columns; empty for models with custom steps, which take the rows first, and for models of texts. */
  readonly columns: readonly Column[];
  /** The fields in the order of the inputs, if the model has feature names and no custom steps. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** The names of features and inputs. */
  readonly names: ReadonlySet<string>;
  /** The names of the inputs as JSON tokens, in order. */
  readonly inputKeys: readonly Uint8Array[];
  readonly hasSteps: boolean;
  /** The reader of rows with texts. */
  readonly texts: FeatureRows | undefined;
  /** The lent arrays of one row, for requests that are run at once. Undefined if rows are read in another way. */
  readonly lent: readonly FloatArray[] | undefined;
  readonly #Floats: Float32ArrayConstructor | Float64ArrayConstructor;
  /** The number of elements of one row: of all inputs, or of all outputs if that is more. */
  readonly #width: number;

  constructor(model: Model) {
    const { inputs, outputs } = model.ports;
    this.hasSteps = model.hasSteps;
    this.texts = model.hasSteps ? undefined : model.rowReader.featureRows;
    if (model.hasSteps) this.inputs = model.inputs.map(portOf);
    else this.inputs = this.texts === undefined ? inputs : featurePorts(this.texts, model.featureNames);
    this.outputs = outputs;
    this.columns = this.isByRows ? [] : model.rowReader.columns;
    this.lent = this.isByRows ? undefined : model.rowReader.lent;
    this.names = new Set([...(model.featureNames ?? []), ...this.inputs.map(({ name }) => name)]);
    this.inputKeys = this.inputs.map(({ name }) => tokenOf(name));
    const places = this.columns.flatMap((column, input) =>
      Array.from({ length: model.featureNames === undefined ? 0 : column.port.width }, (_, element) => {
        return { column, input, element };
      }),
    );
    this.fields = places.map((place, position) => {
      const name = model.featureNames?.[position] as string;
      return { ...place, name, position, key: tokenOf(name) };
    });
    this.byName = new Map(this.fields.map((field) => [field.name, field]));
    this.#Floats = model.precision === 'f64' ? Float64Array : Float32Array;
    const widthOf = (ports: readonly Port[]) => ports.reduce((total, { width }) => total + width, 0);
    this.#width = Math.max(widthOf(this.inputs), widthOf(outputs), 1);
  }

  /** Whether rows are passed as JavaScript values, as for `predict`. */
  get isByRows(): boolean {
    return this.hasSteps || this.texts !== undefined;
  }

  /** New arrays for the inputs. */
  allocate(rows: number): FloatArray[] {
    return this.inputs.map(({ width, exact }) => new (exact ? Float64Array : this.#Floats)(rows * width));
  }

  /** The most rows of a request. */
  mostRows(limits: ProtocolLimits): number {
    return Math.min(limits.rows, Math.floor(limits.elements / this.#width));
  }

  checkRows(rows: number, limits: ProtocolLimits): void {
    const most = this.mostRows(limits);
    if (rows > most) throw tooLarge(`the request has ${rows} rows; at most ${most} are allowed`);
  }
}

function portOf({ name, shape, dtype, categories, ragged }: TensorInfo): Port {
  const row = shape.slice(1).map((size) => size ?? -1);
  const words = new Map(Object.entries(categories ?? {}).map(([at, list]) => [Number(at), list]));
  return {
    name,
    shape: row,
    dtype,
    width: row.reduce((width, size) => width * Math.max(size, 1), 1),
    categories: words,
    ragged,
  };
}

/** The features as inputs, without unused ones. */
function featurePorts({ column, texts }: FeatureRows, names: readonly string[] | undefined): Port[] {
  const { port } = column;
  if (names === undefined && port.width > 1) return [{ ...port, dtype: 'string' }];
  const features = Array.from({ length: port.width }, (_, feature) => feature);
  return features
    .filter((feature) => !column.isUnused(feature))
    .map((feature) => {
      const categories = port.categories?.get(feature);
      const isNumber = !texts.has(feature) && categories === undefined && port.hashes?.has(feature) !== true;
      const dtype = isNumber ? port.dtype : 'string';
      return { name: names?.[feature] ?? port.name, shape: [], width: 1, dtype };
    });
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
