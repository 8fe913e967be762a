/**
 * Regular expressions that may take more than linear time.
 *
 * `scslre` finds those that backtrack over what two repetitions share, and starts that run over the same characters again,
 * as far as a single repeated character shows it. For other text, two things are checked here: an expression that is
 * searched for, and may fail after a repetition, must not be able to start within what the repetition matched; and in a
 * repeated expression, the next character must determine the choice.
 */
import { getConsumedChars, getFirstConsumedChar, isPotentiallyEmpty } from 'regexp-ast-analysis';
import { analyse } from 'scslre';

/** @typedef {import('scslre').ParsedLiteral} Parsed */

/**
 * Why an expression may be slow; undefined if it is not.
 *
 * @param {string} source
 * @param {string} flags
 * @returns {string | undefined}
 */
export function slowness(source, flags) {
  const { parsed, reports } = analyse({ source, flags });
  if (reports.some(({ exponential }) => exponential)) return 'takes exponential time';
  if (repeatsAChoice(parsed)) return 'repeats a choice of what begins alike';
  if (reports.some(({ type }) => type !== 'Move')) return 'goes back over what two repetitions share';
  if (reports.length > 0 || (!flags.includes('y') && startsAgain(parsed)))
    return 'starts again within what it ran over';
  return undefined;
}

/**
 * Whether a repeated expression may continue in two ways with the same character, such as `(?:a|ab|b)*`.
 *
 * @param {Parsed} parsed
 */
function repeatsAChoice({ pattern, flags }) {
  return pattern.alternatives.flatMap(repetitionsIn).some(({ element }) => {
    const choices = element.alternatives ?? [];
    const firsts = choices.map((/** @type {any} */ choice) => getFirstConsumedChar(choice, 'ltr', flags).char);
    return firsts.some((/** @type {any} */ a, /** @type {number} */ i) =>
      firsts.slice(i + 1).some((/** @type {any} */ b) => !a.isDisjointWith(b)),
    );
  });
}

/** @param {Parsed} parsed */
function startsAgain({ pattern, flags }) {
  return pattern.alternatives.some((alternative) => {
    if (isAnchored(alternative, flags.multiline)) return false;
    const first = getFirstConsumedChar(alternative, 'ltr', flags).char;
    return repetitionsIn(alternative).some(
      (repetition) =>
        mayFailBehind(repetition, flags) && !getConsumedChars(repetition.element, flags).chars.isDisjointWith(first),
    );
  });
}

/**
 * @param {any} alternative
 * @param {boolean} isMultiline
 */
function isAnchored({ elements }, isMultiline) {
  return !isMultiline && elements[0]?.type === 'Assertion' && elements[0].kind === 'start';
}

/**
 * Repetitions without an end, in lookarounds too.
 *
 * @param {any} node
 * @returns {any[]}
 */
function repetitionsIn(node) {
  const own = node.type === 'Quantifier' && node.max === Number.POSITIVE_INFINITY ? [node] : [];
  const children = node.alternatives ?? node.elements ?? (node.type === 'Quantifier' ? [node.element] : []);
  return [...own, ...children.flatMap(repetitionsIn)];
}

/**
 * Whether something that must match follows.
 *
 * @param {any} node
 * @param {Parsed['flags']} flags
 * @returns {boolean}
 */
function mayFailBehind(node, flags) {
  const { parent } = node;
  if (parent === null || parent.type === 'Pattern') return false;
  if (parent.type === 'Assertion') return true;
  const behind = parent.type === 'Alternative' ? parent.elements.slice(parent.elements.indexOf(node) + 1) : [];
  const isRequired = (/** @type {any} */ element) =>
    element.type === 'Assertion' || !isPotentiallyEmpty(element, flags);
  return behind.some(isRequired) || mayFailBehind(parent, flags);
}
