/** The libraries of Python, which run in their own process: python/peers.py says what is asked of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPTS = join(import.meta.dirname, '..', 'python');

export class PythonPeers {
  #child;
  #lines;
  #script;
  /** What the process printed to its error output last. */
  #said = '';

  /** @param {string} command such as `python3` @param {string} script of the folder python */
  constructor(command, script = 'peers.py') {
    this.#script = `python/${script}`;
    this.#child = spawn(command, [join(SCRIPTS, script)], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', ({ message }) => {
      this.#said = message;
    });
    this.#child.stdin.on('error', () => {}); // the process has ended: the answer that does not come says so
    this.#child.stderr.on('data', (chunk) => {
      this.#said = `${this.#said}${chunk}`.slice(-2000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * @param {Record<string, unknown>} request its first key is the method
   * @returns {Promise<any>}
   */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#script} ended: ${this.#said.trim().split('\n').at(-1)}`);
    const answer = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(`${this.#script}: ${answer.error}`);
    return answer;
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
    const exit = once(this.#child, 'exit');
    this.#child.stdin.end();
    await exit;
  }
}
