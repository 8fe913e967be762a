/** Numbers for people. */

/** @typedef {readonly (readonly [number, string])[]} Scale from the largest unit down */

/** @type {Scale} */
const TIME = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];
/** @type {Scale} */
const COUNT = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
];
/** @type {Scale} */
const BYTES = [
  [2 ** 30, 'GB'],
  [2 ** 20, 'MB'],
  [2 ** 10, 'KB'],
  [1, 'bytes'],
];

/** @param {number} value @param {Scale} scale @param {string} gap */
function scaled(value, scale, gap) {
  const [size, unit] = scale.find(([size]) => value >= size) ?? scale[scale.length - 1];
  return `${significant(value / size)}${gap}${unit}`;
}

/** @param {number} nanoseconds */
export function duration(nanoseconds) {
  return scaled(nanoseconds, TIME, ' ');
}

/** @param {number} value */
export function count(value) {
  return scaled(value, COUNT, '');
}

/** @param {number} bytes */
export function byteCount(bytes) {
  return scaled(bytes, BYTES, ' ');
}

/** Three digits. @param {number} value */
export function significant(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** @param {number} value */
export function percent(value) {
  return `${(100 * value).toFixed(value < 0.1 ? 1 : 0)} %`;
}

/** How many times faster. @param {number} value */
export function times(value) {
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(2)}×`;
}
