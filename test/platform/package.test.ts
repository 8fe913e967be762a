import { expect, it } from 'vitest';
import { openPackage } from '../../lib/platform/package.ts';

it('opens a package, and imports it only where it is not found, as in a bundle', async () => {
  const refuse = () => Promise.reject(new Error('imported'));
  const { RandomAccessReader } = await openPackage<typeof import('yauzl')>('yauzl', refuse);
  expect(RandomAccessReader).toBeTypeOf('function');
  expect(await openPackage('no-such-package', async () => 'imported')).toBe('imported');
});
