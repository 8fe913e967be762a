/**
 * The browser script of the page at `/`: a form for each model from its schema, the model's answers, code to copy, and
 * figures from `/metrics`. Names and strings of models are only set as text, never as HTML.
 */
export const PAGE_SCRIPT = `
'use strict';
const base = location.pathname.replace(/\\/+$/, '');
const $ = (id) => document.getElementById(id);
const make = (tag, text, name) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (name) node.className = name;
  return node;
};
let token = '';
let models = [];
let current;
let readers = [];

function ask(path, body) {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  if (token) headers.authorization = 'Bearer ' + token;
  return fetch(base + path, body === undefined ? { headers } : { method: 'POST', headers, body });
}

async function start() {
  const response = await ask('/models');
  $('token').hidden = response.status !== 401 && !token;
  if (!response.ok) {
    show($('result'), [make('p', (await response.json()).error, 'error')]);
    return;
  }
  models = (await response.json()).models;
  show($('model'), models.map((model) => new Option(model.name, model.name)));
  if (models.length === 0) show($('result'), [make('p', 'No models are served yet.', 'soft')]);
  else await choose(models.find((model) => model.name === decodeURIComponent(location.hash.slice(1))) || models[0]);
  poll();
}

async function choose(model) {
  current = model;
  $('model').value = model.name;
  history.replaceState(null, '', '#' + encodeURIComponent(model.name));
  const schema = await (await ask(model.schema)).json();
  $('about').textContent = model.format + ', version ' + model.version + ', ' + model.precision + ', ' + model.parameterCount.toLocaleString('en') + ' parameters';
  $('schema').textContent = JSON.stringify(schema, null, 2);
  readers = [];
  const properties = schema.properties;
  show($('fields'), properties ? Object.keys(properties).map((name) => field(name, properties[name], (schema.required || []).includes(name))) : [rowField(schema)]);
  show($('result'), [make('p', 'Fill in a record, and predict.', 'soft')]);
  snippets();
}

function typesOf(schema) {
  return [].concat(schema.type === undefined ? [] : schema.type);
}

function exampleOf(schema) {
  if (schema.default !== undefined) return schema.default;
  const known = (schema.enum || schema.examples || []).find((word) => word !== null);
  if (known !== undefined) return known;
  const types = typesOf(schema);
  if (types.includes('array')) {
    const count = Math.min(schema.minItems || (schema.prefixItems || []).length, 4096);
    return Array.from({ length: count }, (_, i) => exampleOf((schema.prefixItems || [])[i] || schema.items || {}));
  }
  if (types.includes('string') && !types.includes('number')) return '';
  return Math.max(0, schema.minimum || 0);
}

function field(name, schema, isRequired) {
  const label = make('label', name + (isRequired ? '' : ' (may be missing)'));
  if (schema.description) label.title = schema.description;
  const types = typesOf(schema);
  let input;
  if (schema.enum) {
    input = make('select');
    if (!isRequired) input.append(new Option('', ''));
    schema.enum.forEach((word) => word !== null && input.append(new Option(word, word)));
  } else if (types.includes('array')) {
    input = make('textarea', JSON.stringify(exampleOf(schema)));
  } else {
    input = make('input');
    const words = (schema.examples || []).filter((word) => word !== null);
    if (words.length > 0) {
      const list = make('datalist');
      list.id = 'words-' + readers.length;
      words.slice(0, 1000).forEach((word) => list.append(new Option(word, word)));
      input.setAttribute('list', list.id);
      label.append(list);
    }
    if (isRequired) input.value = exampleOf(schema);
  }
  input.name = name;
  label.append(input);
  const isText = types.includes('string') || (!types.length && (schema.enum || schema.examples));
  readers.push((record) => {
    if (input.value === '' && !(isRequired && isText)) return;
    record[name] = valueOf(input, types, isText);
  });
  return label;
}

function valueOf(input, types, isText) {
  const text = input.value;
  if (types.includes('array')) return JSON.parse(text);
  if (isText && !(types.includes('number') && text.trim() !== '' && Number.isFinite(Number(text)))) return text;
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) throw new Error(input.name + ': expected a number, found ' + JSON.stringify(text));
  return number;
}

function rowField(schema) {
  const label = make('label', typesOf(schema)[0] === 'string' ? 'A text' : 'A row: values in the order of the features, as JSON');
  label.className = 'wide';
  const input = make('textarea');
  input.name = 'row';
  input.value = typesOf(schema)[0] === 'string' ? '' : JSON.stringify(exampleOf(schema));
  label.append(input);
  readers.push(() => {
    if (typesOf(schema)[0] === 'string') return [input.value];
    return [JSON.parse(input.value)];
  });
  return label;
}

function bodyOf() {
  const record = {};
  let rows;
  for (const read of readers) rows = read(record) || rows;
  return JSON.stringify(rows || record);
}

async function predict(event) {
  event.preventDefault();
  if (current === undefined) return;
  let body;
  try {
    body = bodyOf();
  } catch (error) {
    show($('result'), [make('p', error.message, 'error')]);
    return;
  }
  const began = performance.now();
  const response = await ask(current.predict, body);
  const text = await response.text();
  const took = performance.now() - began;
  const answer = JSON.parse(text);
  const nodes = response.ok ? answerNodes(Array.isArray(answer) && answer.length === 1 ? answer[0] : answer) : [make('p', answer.error, 'error')];
  const details = make('details');
  details.append(make('summary', 'Answer as JSON'), make('pre', JSON.stringify(answer, null, 2)));
  show($('result'), [...nodes, make('p', took.toFixed(1) + ' ms there and back', 'soft'), details]);
  snippets();
}

function answerNodes(answer) {
  if (answer === null || typeof answer !== 'object') return [make('p', String(answer), 'answer')];
  const nodes = [];
  if ('label' in answer) nodes.push(make('p', String(answer.label), 'answer'));
  const probabilities = answer.probabilities;
  if (probabilities && typeof probabilities === 'object') {
    const all = Object.entries(probabilities).filter((entry) => typeof entry[1] === 'number');
    all.sort((a, b) => b[1] - a[1]);
    all.slice(0, 20).forEach((entry) => nodes.push(bar(entry[0], entry[1])));
    if (all.length > 20) nodes.push(make('p', 'and ' + (all.length - 20) + ' more classes', 'soft'));
  }
  return nodes.length ? nodes : [make('pre', JSON.stringify(answer, null, 2))];
}

function bar(name, share) {
  const row = make('div', undefined, 'bar');
  const track = make('div');
  const fill = make('i');
  fill.style.width = Math.max(0, Math.min(1, share)) * 100 + '%';
  track.append(fill);
  row.append(make('span', name), track, make('b', (share * 100).toFixed(1) + ' %'));
  return row;
}

function snippets() {
  let body;
  try {
    body = bodyOf();
  } catch {
    return;
  }
  const url = location.origin + base + current.predict;
  const secret = token ? ["-H 'authorization: Bearer TOKEN' "] : [];
  $('curl').textContent = "curl '" + url.replaceAll("'", '%27') + "' \\\\\\n  -H 'content-type: application/json' " + secret.join('') + "\\\\\\n  -d '" + body.replaceAll("'", "'\\\\''") + "'";
  const headers = "{ 'content-type': 'application/json'" + (token ? ', authorization: \\'Bearer TOKEN\\'' : '') + ' }';
  $('fetch').textContent = 'const response = await fetch(' + JSON.stringify(url) + ', {\\n  method: \\'POST\\',\\n  headers: ' + headers + ',\\n  body: JSON.stringify(' + body + '),\\n});\\nconst answer = await response.json();';
}

function show(parent, nodes) {
  parent.replaceChildren(...nodes);
}

// Figures of the chosen model: differences between two readings of its counters.
let last;
const rates = [];
function countersOf(text) {
  const found = { requests: 0, rows: 0, errors: 0, buckets: new Map() };
  const label = 'model="' + current.name.replaceAll('\\\\', '\\\\\\\\').replaceAll('"', '\\\\"').replaceAll('\\n', '\\\\n') + '"';
  for (const line of text.split('\\n')) {
    if (!line.includes(label)) continue;
    const value = Number(line.slice(line.lastIndexOf(' ') + 1));
    if (line.startsWith('forwardpass_requests_total{')) found.requests += value;
    else if (line.startsWith('forwardpass_rows_total{')) found.rows += value;
    else if (line.startsWith('forwardpass_request_errors_total{')) found.errors += value;
    else if (line.startsWith('forwardpass_request_duration_seconds_bucket{')) {
      const bound = /le="([^"]*)"/.exec(line)[1];
      found.buckets.set(bound, (found.buckets.get(bound) || 0) + value);
    }
  }
  return found;
}

/** A quantile, interpolated between the bounds of a bucket as in Prometheus's histogram_quantile. */
function quantile(before, now, share) {
  const counts = [...now.buckets].map(([bound, count]) => [bound === '+Inf' ? Infinity : Number(bound), count - (before.buckets.get(bound) || 0)]);
  counts.sort((a, b) => a[0] - b[0]);
  const total = counts.length ? counts[counts.length - 1][1] : 0;
  if (total === 0) return undefined;
  let [low, below] = [0, 0];
  for (const [bound, count] of counts) {
    if (count >= share * total) return bound === Infinity ? low : low + (bound - low) * ((share * total - below) / (count - below || 1));
    [low, below] = [bound, count];
  }
}

function duration(seconds) {
  if (seconds === undefined) return '–';
  return seconds < 1e-3 ? (seconds * 1e6).toFixed(0) + ' µs' : (seconds * 1e3).toFixed(1) + ' ms';
}

async function look() {
  if (document.hidden || current === undefined) return;
  const response = await ask('/metrics');
  if (!response.ok) return;
  const now = { ...countersOf(await response.text()), model: current.name, at: performance.now() };
  $('requests').textContent = now.requests.toLocaleString('en');
  $('errors').textContent = now.errors.toLocaleString('en');
  if (last && last.model === now.model) {
    const seconds = (now.at - last.at) / 1000;
    const rate = (now.requests - last.requests) / seconds;
    $('rate').textContent = rate.toFixed(1) + ' / s';
    $('rows').textContent = ((now.rows - last.rows) / seconds).toFixed(1) + ' / s';
    const before = now.requests > last.requests ? last : { buckets: new Map() };
    $('median').textContent = duration(quantile(before, now, 0.5));
    $('tail').textContent = duration(quantile(before, now, 0.99));
    rates.push(rate);
    if (rates.length > 60) rates.shift();
    const most = Math.max(1, ...rates);
    $('line').setAttribute('points', rates.map((one, i) => i + ',' + (30 - (28 * one) / most)).join(' '));
  } else {
    rates.length = 0;
  }
  last = now;
}

function poll() {
  look().catch(() => {}).finally(() => setTimeout(poll, 2000));
}

const failed = (error) => show($('result'), [make('p', 'The server did not answer: ' + error.message, 'error')]);
$('form').addEventListener('submit', (event) => predict(event).catch(failed));
$('form').addEventListener('input', snippets);
$('model').addEventListener('change', () => choose(models.find((model) => model.name === $('model').value)).catch(failed));
$('secret').addEventListener('change', () => {
  token = $('secret').value;
  start().catch(failed);
});
for (const link of document.querySelectorAll('[data-path]')) link.href = base + link.dataset.path;
for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', () => navigator.clipboard.writeText($(button.dataset.copy).textContent));
}
start().catch(failed);
`;
