/** The steps of fixtures/make/make_own_steps.py in JavaScript. */
import type { StepCell, StepContext, StepFunction, StepFunctions } from '../../lib/steps/types.ts';

const abs = Math.abs;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function familySize({ numbers }: StepContext): Float64Array {
  const parch = numbers('Parch');
  return numbers('SibSp').map((siblings, row) => siblings + parch[row] + 1);
}

const scale: StepFunction = (columns, { attributes, numbers }) => {
  const [factor, shift] = attributes.weights;
  return Array.from(columns, (_, i) => numbers(i).map((x) => x * factor[i] + shift[i]));
};

export const FUNCTIONS: StepFunctions = {
  // People on a ship
  '__main__.AddFamilySize': (columns, context) => {
    const FamilySize = familySize(context);
    const IsAlone = FamilySize.map((size) => Number(size === 1));
    return { ...columns, FamilySize, ...(context.attributes.alone && { IsAlone }) };
  },
  '__main__.add_family_size': (columns, context) => ({ ...columns, FamilySize: familySize(context) }),
  'features.TitleFromName': ({ Name, ...columns }, { attributes, strings }) => ({
    ...columns,
    Title: strings('Name').map((name) => {
      const title = / ([A-Za-z]+)\./.exec(name ?? '')?.[1];
      return attributes.common_.includes(title) ? title : 'Rare';
    }),
  }),
  'features.GroupMedian': (columns, { attributes, numbers }) => {
    const { column, by, medians_, overall_ } = attributes;
    const groups = numbers(by);
    const filled = numbers(column).map((value, row) =>
      Number.isNaN(value) ? (medians_[groups[row]] ?? overall_) : value,
    );
    return { ...columns, [column]: filled };
  },
  '__main__.DataFrameSelector': (columns, { attributes }) =>
    attributes.attribute_names.map((name: string) => columns[name]),
  '__main__.KeepCommon': (columns, { attributes }) =>
    Array.from(columns, (column, i) =>
      Array.from<StepCell, StepCell>(column as StepCell[], (word) =>
        attributes.common_[i].includes(word) ? word : 'other',
      ),
    ),

  // Numbers
  '__main__.RatioAndLog': (columns, { attributes, numbers }) => {
    const { top, bottom, least_ } = attributes;
    const below = numbers(bottom);
    const ratio = numbers(top).map((value, row) => value / (abs(below[row]) + 1));
    const logs = least_.map((least: number, i: number) => numbers(i).map((x) => Math.log1p(x - least + abs(least))));
    return [...columns, ratio, ...logs];
  },
  '__main__.Clipper': (_, { attributes, numbers }) =>
    attributes.lower_.map((low: number, i: number) =>
      numbers(i).map((x) => Math.min(Math.max(x, low), attributes.upper_[i])),
    ),
  'features.FrameClipper': (_, { attributes, featureNames = [], numbers }) => {
    const clipped = (name: string) =>
      numbers(name).map((x) => Math.min(Math.max(x, attributes.lower_[name]), attributes.upper_[name]));
    return Object.fromEntries(featureNames.map((name) => [name, clipped(name)]));
  },
  '__main__.Checked': (columns, { attributes, rows, numbers }) => {
    const centred = Array.from(columns, (_, i) => numbers(i).map((x) => x - attributes.center_[i]));
    const farthest = Float64Array.from({ length: rows }, (_, row) =>
      Math.max(...centred.map((values) => abs(values[row]))),
    );
    return [...centred, farthest];
  },
  '__main__.Slotted': (columns, { attributes, numbers }) =>
    Array.from(columns, (_, i) => numbers(i).map((x) => x * attributes.factor)),
  '__main__.FactorsByName': (_, { attributes, featureNames = [], numbers }) => {
    const scaled = (name: string) => numbers(name).map((x) => x * attributes.factors_[name]);
    return Object.fromEntries(featureNames.map((name) => [name, scaled(name)]));
  },
  '__main__.squares': (columns, { numbers }) => [
    ...columns,
    ...Array.from(columns, (_, i) => numbers(i).map((x) => x * x)),
  ],
  '__main__.absolute': (columns, { numbers }) => Array.from(columns, (_, i) => numbers(i).map(abs)),
  '__main__.affine_power': (columns, { attributes, numbers }) =>
    Array.from(columns, (column, i) =>
      attributes.columns.includes(i) ? numbers(i).map((x) => x ** attributes.power + attributes.shift) : column,
    ),
  '__main__.shifted': (columns, { attributes, numbers }) =>
    Array.from(columns, (_, i) => numbers(i).map((x) => x * attributes.factor + attributes.args[0])),
  '__main__.square': (_, { numbers }) => numbers(0).map((y) => y * y),
  '__main__.LogTarget.inverse_transform': (_, { attributes, numbers }) =>
    numbers(0).map((y) => Math.exp(y) - attributes.shift_),

  // What predicts
  '__main__.Threshold.predict': (_, { attributes, numbers }) =>
    Array.from(
      numbers(0),
      (x, row) => attributes.classes_[Number(sigmoid(x * attributes.slope_ + numbers(1)[row]) > attributes.threshold)],
    ),
  '__main__.Threshold.predict_proba': (_, { attributes, numbers }) => {
    const p = numbers(0).map((x, row) => sigmoid(x * attributes.slope_ + numbers(1)[row]));
    return [p.map((each) => 1 - each), p];
  },
  '__main__.Rules.predict': (_, { attributes, numbers }) =>
    Array.from(numbers('spent'), (spent) =>
      spent > attributes.most ? 'much' : spent > attributes.least ? 'some' : 'none',
    ),
  '__main__.Nearest.predict': (columns, { attributes, rows, numbers }) => {
    const all = Array.from(columns, (_, i) => numbers(i));
    return Array.from({ length: rows }, (_, row) => {
      const distances = attributes.centers_.map((center: number[]) =>
        center.reduce((sum, x, i) => sum + (all[i][row] - x) ** 2, 0),
      );
      return attributes.classes_[distances.indexOf(Math.min(...distances))];
    });
  },
  '__main__.Trend.predict': (_, { attributes, numbers }) =>
    numbers(0).map((x, row) => attributes.level_ + attributes.slope * x - Math.abs(numbers(2)[row])),
  '__main__.Shouting.predict': (columns) => {
    const [first, ...others] = columns as Iterable<Float64Array>;
    const sums = first.map((x, row) => others.reduce((sum, values) => sum + values[row], x));
    return Array.from(sums, (sum) => (sum > 2.25 ? 'long' : 'short'));
  },

  // Texts
  '__main__.AddLength': (_, { attributes, featureNames = [], numbers, strings }) => {
    const texts = strings(featureNames[0]).map((text) => text ?? '');
    const words = texts.map((text) => text.split(/\s+/).filter((word) => word !== '').length);
    return [texts.map((text) => [...text].length), words, numbers('age').map((age) => age / attributes.mean_)];
  },
  '__main__.Cleaner': (_, { attributes, strings }) =>
    strings(0).map((text) => (text ?? '').replace(/[0-9]/g, attributes.digits).replace(/[!?]+/g, ' mark ')),
  '__main__.TextStats': (_, { strings }) => {
    const texts = strings(0).map((text) => text ?? '');
    const counted = (pattern: RegExp) => texts.map((text) => text.match(pattern)?.length ?? 0);
    return [texts.map((text) => [...text].length), counted(/e/g), counted(/\p{Lu}/gu)];
  },
  '__main__.ItemSelector': (columns, { attributes }) => [columns[attributes.key]],
  '__main__.Ages': (_, { numbers }) => numbers('age'),
  '__main__.JoinTexts': (_, { numbers, strings }) => {
    const body = strings('body');
    const joined = strings('subject').map((subject, row) => `${subject} ${body[row]}`);
    return { joined, length: joined.map((text) => [...text].length), age: numbers('age') };
  },
  '__main__.DenseTransformer': (columns) => columns,
  '__main__.without_marks': (_, { strings }) => strings(0).map((text) => (text ?? '').replace(/[!?.,]/g, '')),

  // Layers of Keras
  squares: (columns, { numbers }) => Array.from(columns, (_, i) => numbers(i).map((x) => x * x)),
  'shop>Clip': (columns, { attributes, numbers }) => {
    const { low, high } = attributes;
    return Array.from(columns, (_, i) => numbers(i).map((x) => Math.min(Math.max(x, low), high)));
  },
  '__main__.Scale': scale,
  // An HDF5 file does not say which module it is of.
  Scale: scale,
  'shop>Distances': (_, { rows, numbers }) => {
    const difference = (at: number) => {
      const b = numbers(at + 3);
      return numbers(at).map((a, row) => a - b[row]);
    };
    const parts = [0, 1, 2].map(difference);
    const sum = (of: (x: number) => number) =>
      Float64Array.from({ length: rows }, (_, row) => parts.reduce((total, values) => total + of(values[row]), 0));
    return [sum(abs), sum((x) => x * x)];
  },
  'shop>MeanOfWords': (columns, { numbers }) => {
    const width = 3;
    const words = [...columns].length / width;
    return Array.from({ length: width }, (_, i) => {
      const all = Array.from({ length: words }, (_, word) => numbers(word * width + i));
      return all[0].map((_, row) => all.reduce((sum, values) => sum + values[row], 0) / words);
    });
  },
  'shop>RowSums': (columns, { numbers }) =>
    Array.from(columns, (_, i) => {
      const [a, b] = [numbers(i - (i % 2)), numbers(i - (i % 2) + 1)];
      return numbers(i).map((x, row) => x + a[row] + b[row]);
    }),

  // Modules of PyTorch
  '__main__.Residual': (columns, { attributes, module, numbers }) => {
    const { slope, scale } = attributes;
    const x = Array.from(columns, (_, i) => numbers(i));
    const hidden = module('fc1')(x).map((h, i) => h.map((a, row) => (a > 0 ? a : a * slope) + x[i][row] * scale[i]));
    return module('fc2')(hidden);
  },
  '__main__.Towers': (columns, { module, numbers }) => {
    const x = Array.from(columns, (_, i) => numbers(i));
    const body = module('block.body')(module('block.norm')(x));
    return module('head')(x.map((values, i) => values.map((value, row) => Math.max(0, value + body[i][row]))));
  },

  // Moments
  '__main__.DateParts': (_, { attributes, dates }) => {
    const moments = dates(attributes.column);
    const start = Date.parse(`${attributes.start_}Z`);
    const part = (of: (date: Date) => number) => moments.map((moment) => of(new Date(moment)));
    return {
      year: part((date) => date.getUTCFullYear()),
      month: part((date) => date.getUTCMonth() + 1),
      dayofweek: part((date) => (date.getUTCDay() + 6) % 7),
      hour: part((date) => date.getUTCHours()),
      days: moments.map((moment) => (moment - start) / 86_400_000),
    };
  },

  // Words
  '__main__.WeightOfEvidence': (_, { attributes, featureNames = [], strings }) => {
    const evidence = (name: string) => strings(name).map((word) => attributes.woe_[name][word ?? ''] ?? 0);
    return Object.fromEntries(featureNames.map((name) => [name, evidence(name)]));
  },
};
