/** Pickles of protocol 2, as much of it as models' files need: parts are joined in the order of their making. */

/** @typedef {Buffer} Part */

const text = (/** @type {string} */ value) => Buffer.from(value, 'utf8');

/** A class or function by its module and name. @param {string} module @param {string} name */
export const named = (module, name) => text(`c${module}\n${name}\n`);

/** @param {string} value */
export function string(value) {
  const head = Buffer.alloc(5);
  head.write('X');
  head.writeUInt32LE(Buffer.byteLength(value), 1);
  return Buffer.concat([head, text(value)]);
}

/** @param {number} value of 32 bits */
export function integer(value) {
  const part = Buffer.alloc(5);
  part.write('J');
  part.writeInt32LE(value, 1);
  return part;
}

export const none = text('N');
export const yes = Buffer.of(0x88);
export const no = Buffer.of(0x89);

/** @param {readonly Part[]} items */
export const tuple = (...items) => Buffer.concat([text('('), ...items, text('t')]);

/** @param {Readonly<Record<string, Part>>} entries */
export function dict(entries) {
  return Buffer.concat([text('}'), items(entries)]);
}

/** Entries for the dict before. @param {Readonly<Record<string, Part>>} entries */
export function items(entries) {
  return Buffer.concat([
    text('('),
    ...Object.entries(entries).flatMap(([key, value]) => [string(key), value]),
    text('u'),
  ]);
}

/** @param {Part} callee @param {readonly Part[]} args */
export const call = (callee, ...args) => Buffer.concat([callee, tuple(...args), text('R')]);

/** An object of a class, without its state. @param {Part} type */
export const object = (type) => Buffer.concat([type, Buffer.of(0x29, 0x81)]);

/** @param {Part} target @param {Part} state */
export const build = (target, state) => Buffer.concat([target, state, text('b')]);

/** @param {Part} id */
export const persistent = (id) => Buffer.concat([id, text('Q')]);

/** @param {readonly Part[]} parts */
export const pickle = (...parts) => Buffer.concat([Buffer.of(0x80, 2), ...parts, text('.')]);
