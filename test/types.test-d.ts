/** What the types promise; checked by `npm run typecheck`, never run. */
import { expectTypeOf } from 'vitest';
import {
  type Architecture,
  type AttachOptions,
  type BoostingInfo,
  type BoundCall,
  define,
  type ErrorCode,
  type ForwardpassError,
  type LiveModel,
  type LoadOptions,
  load,
  Model,
  type ModelHandle,
  type ModelVersion,
  type StepContext,
  type StepFunctions,
  type TreesInfo,
  watch,
} from '../lib/index.ts';

declare const model: Model;
declare const error: ForwardpassError;
const floats = new Float32Array(4);
const ids = new BigInt64Array(1);

// One array in, one array out; a caller's own array comes back as what it is.
expectTypeOf(model.run(floats)).toEqualTypeOf<Float32Array | Float64Array>();
expectTypeOf(model.run(floats, new Float64Array(2))).toEqualTypeOf<Float64Array<ArrayBuffer>>();
expectTypeOf(model.run(ids, floats)).toEqualTypeOf<Float32Array<ArrayBuffer>>();
expectTypeOf(model.runAsync(floats)).toEqualTypeOf<Promise<Float32Array | Float64Array>>();

// Named arrays in, named arrays out; the caller's own record comes back as what it is.
expectTypeOf(model.run({ user: floats, item: ids })).toEqualTypeOf<Record<string, Float32Array | Float64Array>>();
expectTypeOf(model.run({ user: floats }, { score: floats }).score).toEqualTypeOf<Float32Array<ArrayBuffer>>();
expectTypeOf(model.runAsync({ user: floats })).resolves.toEqualTypeOf<Record<string, Float32Array | Float64Array>>();
expectTypeOf(model.run(floats, { score: floats }).score).toEqualTypeOf<Float32Array<ArrayBuffer>>();
expectTypeOf(model.run<{ label: Float32Array }>(floats).label).toEqualTypeOf<Float32Array>();
// @ts-expect-error plain arrays are for predict
model.run([1, 2, 3]);
expectTypeOf(model.run(new Uint8Array(4))).toEqualTypeOf<Float32Array | Float64Array>();
// @ts-expect-error colours are not numbers of a model
model.run(new Uint8ClampedArray(4));

// A bound call knows its batch and takes no arguments.
expectTypeOf(model.bind({ batch: 8 })).toEqualTypeOf<BoundCall>();
expectTypeOf<BoundCall['run']>().toEqualTypeOf<() => void>();
// @ts-expect-error a batch is needed
model.bind({});
// @ts-expect-error a batch is needed
model.bind();
// @ts-expect-error buffers are filled, not exchanged
model.bind({ batch: 1 }).input = floats;

// Rows may be arrays, typed arrays or records.
expectTypeOf(model.predict).toBeCallableWith([[1, 2]]);
expectTypeOf(model.predict).toBeCallableWith([{ age: 41 }]);
expectTypeOf(model.predict).toBeCallableWith([floats]);
expectTypeOf(model.predictProba(floats)).toEqualTypeOf<Float32Array | Float64Array>();
// @ts-expect-error one row is an array of one row
model.predict([1, 2]);

// A model of no trees has none to tell of.
expectTypeOf(model.trees).toEqualTypeOf<TreesInfo | undefined>();
expectTypeOf<TreesInfo['boosting']>().toEqualTypeOf<readonly BoostingInfo[] | undefined>();

// A model is what load and define make, and cannot be changed.
expectTypeOf(load('model.onnx')).toEqualTypeOf<Promise<Model>>();
expectTypeOf(define({ layers: [{ weight: 2, bias: 1 }] })).toEqualTypeOf<Model>();
expectTypeOf<Model>().toExtend<Disposable>();
// @ts-expect-error read-only
model.precision = 'f32';
// @ts-expect-error read-only
model.classes?.push('x');

// Options are checked by name and value.
expectTypeOf<Pick<LoadOptions, 'precision'>>().toEqualTypeOf<{
  readonly precision?: 'auto' | 'f64' | 'f32' | 'bf16' | 'int8';
}>();
expectTypeOf<'safetensors' | 'onnx' | 'sklearn' | 'keras'>().toExtend<LoadOptions['format']>();
// @ts-expect-error a format that is not read
load('model.onnx', { format: 'gguf' });
// @ts-expect-error a misspelt option
load('model.onnx', { precison: 'f32' });
// @ts-expect-error architectures are for load's files or define's first argument
define({ layers: [{ weight: 1 }] }, { architecture: { layers: [] } });
// @ts-expect-error a misspelt limit
load('model.onnx', { limits: { byte: 5 } });

// A live model has the calls of a model, and the models one after the other.
declare const live: LiveModel;
expectTypeOf(watch('model.onnx', { interval: 5, precision: 'f32' })).toEqualTypeOf<Promise<LiveModel>>();
expectTypeOf(live.model).toEqualTypeOf<Model>();
expectTypeOf<LiveModel['run']>().toEqualTypeOf<Model['run']>();
expectTypeOf<LiveModel['runAsync']>().toEqualTypeOf<Model['runAsync']>();
expectTypeOf<LiveModel['predict']>().toEqualTypeOf<Model['predict']>();
expectTypeOf<LiveModel['predictProba']>().toEqualTypeOf<Model['predictProba']>();
expectTypeOf(live.use(async (model) => model.parameterCount)).toEqualTypeOf<Promise<number>>();
expectTypeOf(live.check()).toEqualTypeOf<Promise<boolean>>();
expectTypeOf(live.status.version).toEqualTypeOf<ModelVersion>();
expectTypeOf<LiveModel>().toExtend<AsyncIterable<Model> & Disposable & AsyncDisposable>();
watch('model.onnx', {
  onReject: (error) => expectTypeOf(error).toEqualTypeOf<ForwardpassError>(),
  validate: (candidate, current) => expectTypeOf([candidate, current]).toEqualTypeOf<(Model | undefined)[]>(),
});
// @ts-expect-error bytes do not change
watch(new Uint8Array(4));
// @ts-expect-error a misspelt option
watch('model.onnx', { intervall: 5 });

// A model goes to other threads by a plain object.
const handle = model.share();
expectTypeOf(handle).toEqualTypeOf<ModelHandle>();
expectTypeOf(Model.attach(handle, { threads: 2 } satisfies AttachOptions)).toEqualTypeOf<Model>();
// @ts-expect-error what is not a handle
Model.attach('handle');
// @ts-expect-error the precision is the shared model's
Model.attach(handle, { precision: 'f32' });

// Layers are checked by their type.
expectTypeOf<Architecture>().toExtend<LoadOptions['architecture']>();
// @ts-expect-error layers are needed
define({});
// @ts-expect-error a concat needs its inputs
define({ layers: [{ type: 'concat' }] });
// @ts-expect-error a misspelt field
define({ layers: [{ weight: 1, activaton: 'relu' }] });
// @ts-expect-error an unknown type of layer
define({ layers: [{ type: 'conv2d' }] });

expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
expectTypeOf(error.place).toEqualTypeOf<string | undefined>();

// Records are of any shape: interfaces, classes, with keys that the model ignores.
interface Customer {
  readonly id: string;
  readonly age: number;
  readonly joined: Date;
  readonly city?: string | null;
}
declare const customer: Customer;
declare const customers: readonly Customer[];
class Person {
  age = 41;
}
expectTypeOf(model.predict(customer)).toEqualTypeOf<string | number>();
expectTypeOf(model.predict({ age: 41, name: 'x' })).toEqualTypeOf<string | number>();
expectTypeOf(model.predict(new Person())).toEqualTypeOf<string | number>();
expectTypeOf(model.predict(customers)).toEqualTypeOf<(string | number)[] | Float32Array | Float64Array>();
expectTypeOf(model.predict([customer])).toEqualTypeOf<(string | number)[] | Float32Array | Float64Array>();
expectTypeOf(model.predict([[1, 'x', null, true]])).toEqualTypeOf<(string | number)[] | Float32Array | Float64Array>();
expectTypeOf(model.predictProba(customer)).toEqualTypeOf<Record<string, number>>();
expectTypeOf(model.predictProba(customers)).toEqualTypeOf<Float32Array | Float64Array>();
expectTypeOf(model.predict<Record<'ctr' | 'cvr', number>>(customer)).toEqualTypeOf<Record<'ctr' | 'cvr', number>>();
expectTypeOf(model.predict<Record<string, Float32Array>>(customers)).toEqualTypeOf<Record<string, Float32Array>>();
// @ts-expect-error a Map is not a record
model.predict(new Map([['age', 41]]));
// Whether a model takes texts is known when it is loaded.
expectTypeOf(model.predict('free money')).toEqualTypeOf<string | number>();
expectTypeOf(model.predict(['free', 'money'])).toEqualTypeOf<(string | number)[] | Float32Array | Float64Array>();

// Of a schema, what records have is asked without asking first whether it is a record's.
expectTypeOf(model.schema().required).toEqualTypeOf<readonly string[] | undefined>();
expectTypeOf(Object.keys(model.schema().properties ?? {})).toEqualTypeOf<string[]>();

// A classifier's predict gives labels, and its classes are there.
if (model.isClassifier()) {
  expectTypeOf(model.predict(customers)).toEqualTypeOf<(string | number)[]>();
  expectTypeOf(model.predict(customer)).toEqualTypeOf<string | number>();
  expectTypeOf(model.classes).toEqualTypeOf<readonly (string | number)[]>();
}

// Sources of every kind, and what asks for URLs.
expectTypeOf(load).toBeCallableWith(new Blob([]), { signal: AbortSignal.timeout(1) });
expectTypeOf(load).toBeCallableWith(new ArrayBuffer(8));
expectTypeOf(load).toBeCallableWith('https://models.example/m.onnx', { headers: { authorization: 'x' }, fetch });
expectTypeOf(model.runAsync(floats, undefined, { signal: AbortSignal.timeout(1) })).toEqualTypeOf<
  Promise<Float32Array | Float64Array>
>();

// Steps of one's own: columns by name or one after another, and what the context reads of them.
const functions = {
  '__main__.add_ratio': (columns, { numbers, strings, dates, attributes, featureNames }) => {
    expectTypeOf(numbers('a')).toEqualTypeOf<Float64Array>();
    expectTypeOf(strings(0)).toEqualTypeOf<(string | null)[]>();
    expectTypeOf(dates('b')).toEqualTypeOf<Float64Array>();
    expectTypeOf(featureNames).toEqualTypeOf<readonly string[] | undefined>();
    return { ...columns, ratio: numbers('a').map((x) => x / attributes.scale) };
  },
  '__main__.Clip': { run: (columns) => [...columns], columns: 3 },
  '__main__.square': (_, { numbers }: StepContext) => numbers(0).map((y) => y * y),
} satisfies StepFunctions;
expectTypeOf(load).toBeCallableWith('model.joblib', { functions });
// @ts-expect-error a function gives columns
load('model.joblib', { functions: { a: () => 3 } });
