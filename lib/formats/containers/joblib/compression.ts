/** The compression that joblib used, detected by the first bytes. */
export type Compression = 'zlib' | 'gzip' | 'bz2' | 'xz' | 'lzma' | 'lz4';

const SIGNATURES: Readonly<Record<Exclude<Compression, 'zlib'>, readonly number[]>> = {
  gzip: [0x1f, 0x8b, 8],
  bz2: [0x42, 0x5a, 0x68],
  xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  lzma: [0x5d, 0x00, 0x00],
  lz4: [0x04, 0x22, 0x4d, 0x18],
};
/** zlib's first two bytes are a method, of which only one exists, and a check value: together a multiple of 31. */
const ZLIB_METHOD = 0x78;

export function compressionOf(head: Uint8Array): Compression | undefined {
  if (head[0] === ZLIB_METHOD && head.length > 1 && (head[0] * 256 + head[1]) % 31 === 0) return 'zlib';
  for (const [name, signature] of Object.entries(SIGNATURES)) {
    if (signature.every((byte, i) => head[i] === byte)) return name as Compression;
  }
  return undefined;
}
