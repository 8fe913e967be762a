import { parseAst } from 'rolldown/parseAst';

/** Longer than handwritten lines, because each break costs a byte, but short enough to be shown above a stack trace. */
const LIMIT = 160;

/** Code that follows one of these may begin on its own line. */
const BEFORE = new Set([',', ';', '{', '}', '(', '[', '?', ':', '&', '|', '=']);

/**
 * The script with lines of about {@link LIMIT} characters. V8 shows the whole line that threw an error, and its
 * position as line and column: without line breaks, it would show the whole script, and the message would be hard to
 * find.
 * @param {string} code minified
 * @returns {string}
 */
export function breakLines(code) {
  const breaks = [...breaksOf(code)].sort(([a], [b]) => a - b);
  let broken = '';
  let from = 0;
  for (const [index, [at, end]] of breaks.entries()) {
    const next = breaks[index + 1]?.[0] ?? code.length;
    if (at === from || next - from <= LIMIT) continue;
    broken += code.slice(from, at) + end;
    from = at;
  }
  return broken + code.slice(from);
}

/** The positions where lines may end, and what ends them there. @param {string} code @returns {Map<number, string>} */
function breaksOf(code) {
  /** @type {Map<number, string>} */
  const breaks = new Map();
  /** @type {unknown[]} */
  const left = [parseAst(code)];
  while (left.length > 0) {
    const node = left.pop();
    if (typeof node !== 'object' || node === null) continue;
    // A break would change the raw text of a tagged template.
    const isTag = 'type' in node && node.type === 'TaggedTemplateExpression' && 'tag' in node;
    left.push(...(isTag ? [node.tag] : Object.values(node)));
    if (!('start' in node && 'end' in node && 'type' in node)) continue;
    const [start, end] = [Number(node.start), Number(node.end)];
    if (node.type === 'TemplateElement' || ('value' in node && typeof node.value === 'string')) {
      for (const at of betweenWords(code, start + 1, end)) breaks.set(at, '\\\n');
    }
    if (node.type !== 'TemplateElement' && BEFORE.has(code[start - 1])) breaks.set(start, '\n');
  }
  return breaks;
}

/** The positions in a long string where it may continue on another line. @param {string} code @param {number} from @param {number} to */
function* betweenWords(code, from, to) {
  if (to - from <= LIMIT) return;
  for (let at = from + 1; at < to - 1; at++) {
    if ((code[at - 1] === ' ' || code[at - 1] === '.') && code[at - 2] !== '\\') yield at;
  }
}
