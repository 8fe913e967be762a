/**
 * Texts and bytes by Node's Buffer, which is faster than what other hosts have, or does what they do not. Formats know bytes
 * as Uint8Array and DataView; another host needs another file like this one.
 */
/** The order of bytes in typed arrays. */
export const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** A text in UTF-8, a byte order mark at its beginning included; � for what is not valid. */
export function utf8(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

/** Each byte as the character of its number. */
export function latin1(bytes: Uint8Array): string {
  return bufferOver(bytes).toString('latin1');
}

/** The characters' numbers, each modulo 256; in memory that short texts share. */
export function latin1Bytes(text: string): Uint8Array {
  return bytesOf(Buffer.from(text, 'latin1'));
}

/** The first `count` units as a text; halves of surrogate pairs stay as they are. */
export function utf16(units: Uint16Array, count: number): string {
  return bufferOver(units).toString('utf16le', 0, 2 * count);
}

/** In memory that short texts share. */
export function base64Bytes(text: string): Uint8Array {
  return bytesOf(Buffer.from(text, 'base64'));
}

/** Whether the text's bytes in UTF-8 are among these. */
export function includesText(bytes: Uint8Array, text: string): boolean {
  return bufferOver(bytes).includes(text);
}

/** Turns each `unit` bytes round, in place. */
export function swapBytes(bytes: Uint8Array, unit: 2 | 4 | 8): void {
  const buffer = bufferOver(bytes);
  if (unit === 2) buffer.swap16();
  else if (unit === 4) buffer.swap32();
  else buffer.swap64();
}

function bytesOf({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function bufferOver({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
