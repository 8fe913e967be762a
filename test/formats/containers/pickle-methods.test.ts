/** Methods in pickles, as the compiler of torch leaves them. */
import { describe, expect, it } from 'vitest';
import { readPickle } from '../../../lib/formats/containers/pickle/pickle.ts';
import { PickleObject } from '../../../lib/formats/containers/pickle/values.ts';
import { Budget } from '../../../lib/graph/budget.ts';

const OBJECT = 'ctorch._dynamo.eval_frame\nOptimizeContext\n(tR';

/** getattr of what makes an object, by a name that is written as a string. */
const get = (object: string, name: string) => `cbuiltins\ngetattr\n(${object}S'${name}'\ntR`;

function read(text: string, methods = true) {
  return readPickle(Buffer.from(`${text}.`, 'latin1'), { budget: new Budget(), place: 'x', hooks: { methods } }).value;
}

describe('getattr in a pickle', () => {
  it('is a method, where an object of torch has a plain name', () => {
    const found = read(get(OBJECT, 'get_compiler_config'));
    expect(found).toBeInstanceOf(PickleObject);
    expect(String((found as PickleObject).callable)).toBe('builtins.getattr');
  });

  it.each([
    ['of a class', get('ctorch.nn\nModule\n', 'load')],
    ['of an object of another package', get('cmylib\nThing\n(tR', 'run')],
    ['of a name with underscores in front', get(OBJECT, '__class__')],
    ['of a name with dots', get(OBJECT, 'a.b')],
    ['of a number', get('I1\n', 'real')],
    ['of a method', get(get(OBJECT, 'a'), 'b')],
    ['with a default', `cbuiltins\ngetattr\n(${OBJECT}S'a'\nI1\ntR`],
    ['that is called', `${get(OBJECT, 'save')}(tR`],
  ])('is refused %s', (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'UNSAFE' }));
  });

  it.each(['cbuiltins\nstr\n', 'c__builtin__\nunicode\n'])('is the name of a method of texts: of %j', (text) => {
    for (const methods of [true, false]) expect(String(read(get(text, 'split'), methods))).toBe('builtins.str.split');
  });

  it.each([
    ['with underscores', get('cbuiltins\nstr\n', '__class__')],
    ['with dots', get('cbuiltins\nstr\n', 'a.b')],
    ['of another class', get('cbuiltins\nint\n', 'real')],
    ['of a text', get("S'a'\n", 'split')],
  ])('is refused in any file %s', (_, text) => {
    expect(() => read(text, false)).toThrow(expect.objectContaining({ code: 'UNSAFE' }));
  });

  it('is refused in any other file', () => {
    expect(() => read(get(OBJECT, 'get_compiler_config'), false)).toThrow(expect.objectContaining({ code: 'UNSAFE' }));
  });
});
