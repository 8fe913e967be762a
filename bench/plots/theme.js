/** Colours of the plots, for light pages and for dark ones. */

/**
 * @typedef {{ background: string, text: string, muted: string, grid: string, ceiling: string,
 *   series: Record<string, string> }} Theme
 */

/** @type {Record<'light' | 'dark', Theme>} */
export const THEMES = {
  light: {
    background: '#ffffff',
    text: '#1f2328',
    muted: '#59636e',
    grid: '#e4e8ec',
    ceiling: '#8b949e',
    series: {
      'forwardpass-bound': '#0b5fd6',
      'forwardpass-run': '#5c9df0',
      'onnxruntime-node': '#d4500b',
      'onnxruntime-web': '#8a3ffc',
      'tfjs-wasm': '#0f8a6a',
      litert: '#a67c00',
      'brain.js': '#c2307a',
      'plain-js': '#59636e',
      'library-c': '#0f8a6a',
      'library-python': '#8a3ffc',
    },
  },
  dark: {
    background: '#0d1117',
    text: '#e6edf3',
    muted: '#9198a1',
    grid: '#262c34',
    ceiling: '#7d8590',
    series: {
      'forwardpass-bound': '#58a6ff',
      'forwardpass-run': '#2f6fc4',
      'onnxruntime-node': '#ff8c42',
      'onnxruntime-web': '#b78aff',
      'tfjs-wasm': '#3fcf9f',
      litert: '#e3b341',
      'brain.js': '#f778ba',
      'plain-js': '#9198a1',
      'library-c': '#3fcf9f',
      'library-python': '#b78aff',
    },
  },
};

/**
 * Short names for plots.
 *
 * @type {Record<string, string>}
 */
export const NAMES = {
  'forwardpass-bound': 'forwardpass, bound',
  'forwardpass-run': 'forwardpass, run(x, y)',
  'onnxruntime-node': 'onnxruntime-node',
  'onnxruntime-web': 'onnxruntime-web',
  'tfjs-wasm': 'tfjs wasm',
  litert: 'LiteRT.js',
  'brain.js': 'brain.js',
  'plain-js': 'plain JavaScript',
  'library-c': 'its library, in C',
  'library-python': 'its library, in Python',
};
