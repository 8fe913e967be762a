/** Operators that few networks have: they are opened when a file has one of them. */
import type { Translations } from '../call.ts';
import { bits } from './bits.ts';
import { blocks } from './blocks.ts';
import { convolution } from './convolution.ts';
import { grams } from './grams.ts';
import { integerLinear, microsoftIntegerLinear } from './integer-linear.ts';
import { places } from './places.ts';
import { microsoftQuantizing, quantizing } from './quantize.ts';
import { reversing } from './reversing.ts';
import { sorting } from './sorting.ts';

export const lessCommon: Translations = {
  ...{ ...blocks, ...sorting, ...places, ...bits, ...quantizing },
  ...{ ...integerLinear, ...convolution, ...reversing, ...grams },
};

export const microsoftLessCommon: Translations = { ...microsoftQuantizing, ...microsoftIntegerLinear };
