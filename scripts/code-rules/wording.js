/**
 * Phrases that no text of the project contains, and what to write instead: plain words, in their usual order. Only
 * phrases that are never right are listed here.
 */

/** @type {readonly (readonly [phrase: RegExp, instead: string])[]} */
const PHRASES = [
  [/\bto be had\b/, 'available'],
  [/\bwhich there (?:is|are) n(?:ot|one)\b/, 'which does not exist, or not found'],
  [/\bas people hold them\b/, 'of JavaScript values'],
  [/\bparameters alone\b/, 'only parameters'],
  [/\bthere is no such (?:file|model|option|member)\b/, 'not found'],
  [/\bstands? askew\b/, 'is not aligned'],
  [/\bit is said\b/, 'say who says it'],
  [/\b(?:is|are) told by (?:its|their)\b/, 'detected by'],
  [/\b(?:a|expected) whole numbers?(?: from| of 0| or|[,.;'`]|$)/, 'an integer'],
];

/**
 * @param {string} text
 * @returns {{ what: string, why: string }[]}
 */
export function wordingOf(text) {
  return PHRASES.flatMap(([phrase, instead]) => {
    const found = phrase.exec(text)?.[0];
    return found === undefined ? [] : [{ what: `"${found}"`, why: `is not plain English: ${instead}` }];
  });
}
