/** The little of SVG that the plots need. */

/** @typedef {Record<string, string | number | undefined>} Attributes */
/** @typedef {(value: number) => number} Scale */

/** @param {string} name @param {Attributes} attributes @param {string} [content] */
export function element(name, attributes, content = '') {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeText(String(value))}"`)
    .join('');
  return content === '' ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
}

/** @param {number} x @param {number} y @param {string} content @param {Attributes} [attributes] */
export function text(x, y, content, attributes = {}) {
  return element('text', { x, y, ...attributes }, escapeText(content));
}

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {Attributes} attributes */
export function line(x1, y1, x2, y2, attributes) {
  return element('line', { x1, y1, x2, y2, ...attributes });
}

/** @param {readonly (readonly [number, number])[]} points @param {Attributes} attributes */
export function polyline(points, attributes) {
  const path = points.map((point) => point.map(round).join(',')).join(' ');
  return element('polyline', { points: path, fill: 'none', 'stroke-linejoin': 'round', ...attributes });
}

/** @param {number} cx @param {number} cy @param {number} r @param {Attributes} attributes */
export function circle(cx, cy, r, attributes) {
  return element('circle', { cx, cy, r, ...attributes });
}

/** @param {[number, number]} domain @param {[number, number]} range @returns {Scale} */
export function linearScale([d0, d1], [r0, r1]) {
  return (value) => r0 + ((value - d0) / (d1 - d0)) * (r1 - r0);
}

/** @param {[number, number]} domain @param {[number, number]} range @returns {Scale} */
export function logScale([d0, d1], range) {
  const scale = linearScale([Math.log(d0), Math.log(d1)], range);
  return (value) => scale(Math.log(value));
}

/**
 * A plot on its own card, so that it reads the same on any page.
 *
 * @param {{ width: number, height: number, title: string, subtitle: string, description: string }} plot
 * @param {import('./theme.js').Theme} theme @param {readonly string[]} content
 */
export function card({ width, height, title, subtitle, description }, theme, content) {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'aria-label': description,
    'font-family': "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif",
    'font-size': 12,
    fill: theme.text,
  };
  const parts = [
    element('rect', { width, height, rx: 10, fill: theme.background }),
    text(28, 38, title, { 'font-size': 18, 'font-weight': 600 }),
    text(28, 59, subtitle, { 'font-size': 13, fill: theme.muted }),
    ...content,
  ];
  return `${element('svg', attributes, `\n${parts.join('\n')}\n`)}\n`;
}

/**
 * Moves labels apart until none is closer than `gap` to the next, each as little as that allows.
 *
 * @template {{ y: number }} Label
 * @param {readonly Label[]} labels @param {number} gap @returns {Label[]}
 */
export function spread(labels, gap) {
  const sorted = labels.map((label) => ({ ...label })).sort((a, b) => a.y - b.y);
  for (let pass = 0; pass < 100; pass++) {
    let moved = false;
    for (let i = 1; i < sorted.length; i++) {
      const missing = gap - (sorted[i].y - sorted[i - 1].y);
      if (missing <= 0.01) continue;
      sorted[i - 1].y -= missing / 2;
      sorted[i].y += missing / 2;
      moved = true;
    }
    if (!moved) break;
  }
  return sorted;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}

/** @param {string} content */
function escapeText(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
