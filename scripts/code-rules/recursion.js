/**
 * Functions that call themselves, directly or through others in their file.
 *
 * A function is known by its name: `visit`, `Parser.#list` for a method, `TABLE` for functions in a constant. Calls
 * between files, and calls of another object's method with the same name, are not found.
 */
import { below, parse } from './syntax.js';

/** @typedef {import('./syntax.js').Node} Node */
/** @typedef {Map<string, string>} Scope names, and the function or constant of each */

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/**
 * Groups of functions that call each other in a circle, each group sorted by name.
 *
 * @param {string} text
 * @returns {string[][]}
 */
export function recursionsOf(text) {
  const calls = new Calls();
  calls.block(parse(text), [], { owner: '', className: '' });
  return calls.circles();
}

/** @typedef {{ owner: string, className: string }} Place the function and the class that a node is in */

class Calls {
  /** @type {Map<string, Set<string>>} the functions that each function names */
  #named = new Map();

  /**
   * Statements with their own scope.
   *
   * @param {Node[]} statements
   * @param {Scope[]} scopes
   * @param {Place} place
   */
  block(statements, scopes, place) {
    const own = [this.#declared(statements, place), ...scopes];
    for (const statement of statements) this.#visit(statement, own, place);
  }

  /**
   * @param {Node[]} statements
   * @param {Place} place
   * @returns {Scope}
   */
  #declared(statements, place) {
    const scope = new Map();
    for (const statement of statements) {
      const node = statement.declaration ?? statement;
      if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') {
        scope.set(node.id.name, this.#add(inside(place.owner, node.id.name)));
      }
      if (node.type !== 'VariableDeclaration') continue;
      for (const { id, init } of node.declarations) {
        const isNode = id.type === 'Identifier' && (isFunction(init) || place.owner === '');
        for (const name of namesIn(id)) scope.set(name, isNode ? this.#add(inside(place.owner, name)) : '');
      }
    }
    return scope;
  }

  /** @param {string} name */
  #add(name) {
    if (!this.#named.has(name)) this.#named.set(name, new Set());
    return name;
  }

  /**
   * @param {Node} node
   * @param {Scope[]} scopes
   * @param {Place} place
   * @returns {void}
   */
  #visit(node, scopes, place) {
    if (FUNCTIONS.has(node.type)) return this.#function(node, scopes, place);
    if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return this.#class(node, scopes, place);
    if (node.type === 'Identifier') return this.#name(find(scopes, node.name), place);
    if (node.type === 'MemberExpression') return this.#member(node, scopes, place);
    if (node.type === 'BlockStatement') return this.block(node.body, scopes, place);
    if (node.type === 'SwitchCase') return this.#all(below(node), scopes, place);
    if (node.type === 'VariableDeclarator') return this.#declarator(node, scopes, place);
    if (/^For(In|Of)?Statement$/.test(node.type)) {
      const declared = [node.init ?? node.left].filter((value) => value?.type === 'VariableDeclaration');
      return this.#all(below(node), [this.#declared(declared, place), ...scopes], place);
    }
    if (node.type === 'Property' && !node.computed) return this.#visit(node.value, scopes, place);
    this.#all(below(node), scopes, place);
  }

  /**
   * @param {Node[]} nodes
   * @param {Scope[]} scopes
   * @param {Place} place
   */
  #all(nodes, scopes, place) {
    for (const node of nodes) this.#visit(node, scopes, place);
  }

  /**
   * @param {Node} node
   * @param {Scope[]} scopes
   * @param {Place} place
   */
  #declarator(node, scopes, place) {
    if (node.init === null) return;
    const own = node.id.type === 'Identifier' ? find(scopes, node.id.name) : '';
    this.#all(node.id.type === 'Identifier' ? [] : below(node.id), scopes, place);
    this.#visit(node.init, scopes, own === '' ? place : { ...place, owner: own });
  }

  /**
   * @param {Node} node
   * @param {Scope[]} scopes
   * @param {Place} place
   */
  #function(node, scopes, place) {
    const owner = node.type === 'FunctionDeclaration' ? find(scopes, node.id.name) || place.owner : place.owner;
    const parameters = new Map(node.params.flatMap(namesIn).map((/** @type {string} */ name) => [name, '']));
    const own = [parameters, ...scopes];
    const inner = { ...place, owner };
    for (const parameter of node.params)
      if (parameter.type === 'AssignmentPattern') this.#visit(parameter.right, own, inner);
    if (node.body !== null) this.#visit(node.body, own, inner);
  }

  /**
   * @param {Node} node
   * @param {Scope[]} scopes
   * @param {Place} place
   */
  #class(node, scopes, place) {
    const className = this.#add(node.id === null ? inside(place.owner, 'class') : inside(place.owner, node.id.name));
    if (node.superClass !== null) this.#visit(node.superClass, scopes, { ...place, owner: className });
    for (const member of node.body.body) {
      const name = nameOf(member.key);
      const isMade =
        member.kind === 'constructor' || (member.type === 'PropertyDefinition' && !isFunction(member.value));
      const owner = isMade || name === undefined ? className : this.#add(`${className}.${name}`);
      if (member.computed) this.#visit(member.key, scopes, place);
      if (member.value) this.#visit(member.value, scopes, { owner, className });
    }
  }

  /**
   * @param {Node} node
   * @param {Scope[]} scopes
   * @param {Place} place
   * @returns {void}
   */
  #member(node, scopes, place) {
    const { object, property, computed } = node;
    this.#visit(object, scopes, place);
    if (computed) return this.#visit(property, scopes, place);
    const isOwn = object.type === 'ThisExpression' || property.type === 'PrivateIdentifier';
    const owner = isOwn ? place.className : object.type === 'Identifier' ? find(scopes, object.name) : '';
    if (owner !== '') this.#name(`${owner}.${nameOf(property)}`, place);
  }

  /**
   * @param {string} name
   * @param {Place} place
   */
  #name(name, place) {
    if (name !== '' && place.owner !== '') this.#named.get(place.owner)?.add(name);
  }

  /** The groups whose members all reach each other. */
  circles() {
    const reached = new Map([...this.#named.keys()].map((name) => [name, this.#reachedFrom(name)]));
    const groups = new Map();
    for (const [name, others] of reached) {
      if (!others.has(name)) continue;
      const group = [...others].filter((other) => reached.get(other)?.has(name)).sort();
      groups.set(group.join(' '), group);
    }
    return [...groups.values()];
  }

  /** @param {string} name */
  #reachedFrom(name) {
    const reached = new Set();
    const left = [...(this.#named.get(name) ?? [])];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const names = this.#named.get(next);
      if (names === undefined || reached.has(next)) continue;
      reached.add(next);
      for (const other of names) left.push(other);
    }
    return reached;
  }
}

/** @param {Node | null | undefined} node */
function isFunction(node) {
  return node != null && FUNCTIONS.has(node.type);
}

/**
 * @param {string} owner
 * @param {string} name
 */
function inside(owner, name) {
  return owner === '' ? name : `${owner}/${name}`;
}

/**
 * @param {Scope[]} scopes
 * @param {string} name
 */
function find(scopes, name) {
  return scopes.find((scope) => scope.has(name))?.get(name) ?? '';
}

/**
 * The names that a pattern declares.
 *
 * @param {Node} pattern
 * @returns {string[]}
 */
function namesIn(pattern) {
  if (pattern === null) return [];
  if (pattern.type === 'Identifier') return [pattern.name];
  if (pattern.type === 'AssignmentPattern') return namesIn(pattern.left);
  if (pattern.type === 'RestElement') return namesIn(pattern.argument);
  if (pattern.type === 'TSParameterProperty') return namesIn(pattern.parameter);
  if (pattern.type === 'ArrayPattern') return pattern.elements.flatMap(namesIn);
  return pattern.properties.flatMap((/** @type {Node} */ property) => namesIn(property.value ?? property.argument));
}

/** @param {Node | undefined} key */
function nameOf(key) {
  if (key === undefined) return undefined;
  return key.type === 'PrivateIdentifier' ? `#${key.name}` : (key.name ?? key.value);
}
