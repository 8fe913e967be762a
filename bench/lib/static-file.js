import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { randomRows } from './nets.js';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SAMPLE_ROWS = 1024;

/** What `forwardpass quantize --static` makes of the net. @param {import('./nets.js').Net} net @param {Uint8Array} onnx */
export function staticFile(net, onnx) {
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-'));
  try {
    const [model, sample, output] = ['net.onnx', 'rows.csv', 'net.safetensors'].map((file) => join(folder, file));
    const [rows, width] = [randomRows(net, SAMPLE_ROWS), net.widths[0]];
    const lines = Array.from({ length: SAMPLE_ROWS }, (_, row) => rows.subarray(row * width, (row + 1) * width).join());
    writeFileSync(model, onnx);
    writeFileSync(sample, `${lines.join('\n')}\n`);
    const flags = ['--static', '--sample', sample, '--output', output, '--seconds', '0.001'];
    execFileSync(execPath, [COMMAND, 'quantize', model, ...flags]);
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
