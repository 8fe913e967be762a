/**
 * Converts texts and bytes with Node's Buffer, which is faster than the alternatives of other hosts, or has functions
 * that they lack. Formats only use Uint8Array and DataView; another host needs its own version of this file.
 */
/** The order of bytes in typed arrays. */
export const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes UTF-8, keeping a byte order mark at the beginning; � replaces invalid bytes. */
export function utf8(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

/** Decodes each byte as the character with its number. */
export function latin1(bytes: Uint8Array): string {
  return bufferOver(bytes).toString('latin1');
}

/** The numbers of the characters modulo 256. Short results share memory. */
export function latin1Bytes(text: string): Uint8Array {
  return bytesOf(Buffer.from(text, 'latin1'));
}

/** The first `count` units as a text; halves of surrogate pairs stay as they are. */
export function utf16(units: Uint16Array, count: number): string {
  return bufferOver(units).toString('utf16le', 0, 2 * count);
}

/** Decodes base64. Short results share memory. */
export function base64Bytes(text: string): Uint8Array {
  return bytesOf(Buffer.from(text, 'base64'));
}

/** Whether the bytes contain the text in UTF-8. */
export function includesText(bytes: Uint8Array, text: string): boolean {
  return bufferOver(bytes).includes(text);
}

/** Reverses the bytes of each unit in place. */
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
