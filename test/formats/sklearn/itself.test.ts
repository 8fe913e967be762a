/** Containers of a pickle that hold themselves. */
import { expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

const pickle = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

it.each([
  // A UserDict, kept in the memo, whose attribute `data` is itself.
  ['a UserDict', '\x80\x02ccollections\nUserDict\n)\x81q\x00}X\x04\x00\x00\x00datah\x00sb.'],
  // The same within a dict.
  ['a dict of one', '\x80\x02}X\x01\x00\x00\x00accollections\nUserList\n)\x81q\x00}X\x04\x00\x00\x00datah\x00sbs.'],
  // A list that is its own element.
  ['a list', '\x80\x02]q\x00h\x00a.'],
])('%s that holds itself is refused in words', async (_, text) => {
  const error = await failureOf(() => load(pickle(text)));
  expect(error).toBeInstanceOf(ForwardpassError);
  expect(error.message).not.toMatch(/call stack|undefined|\[object /);
});
