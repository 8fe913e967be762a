/** The CRC-64 of xz (ECMA-182, bits reflected), in two halves of 32 bits. */
const LOW = 0xd7870f42;
const HIGH = 0xc96c5795;

let tables: { readonly low: Uint32Array; readonly high: Uint32Array } | undefined;

function makeTables() {
  const [low, high] = [new Uint32Array(256), new Uint32Array(256)];
  for (let byte = 0; byte < 256; byte++) {
    let [l, h] = [byte, 0];
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = l & 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (isOdd) [l, h] = [l ^ LOW, h ^ HIGH];
    }
    [low[byte], high[byte]] = [l, h];
  }
  return { low, high };
}

export function crc64(bytes: Uint8Array): bigint {
  tables ??= makeTables();
  let [low, high] = [~0, ~0];
  for (const byte of bytes) {
    const at = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ tables.low[at];
    high = (high >>> 8) ^ tables.high[at];
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0);
}
