/** Bytes in a temporary file, for data that must be read twice or out of order. */
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Spool {
  private constructor(
    private readonly folder: string,
    readonly handle: FileHandle,
  ) {}

  static async create(): Promise<Spool> {
    const folder = await mkdtemp(join(tmpdir(), 'forwardpass-'));
    return new Spool(folder, await open(join(folder, 'rows'), 'wx+'));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.handle.writeFile(bytes);
  }

  chunks(): AsyncIterable<Uint8Array> {
    return this.handle.createReadStream({ start: 0, autoClose: false });
  }

  async remove(): Promise<void> {
    await this.handle.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
