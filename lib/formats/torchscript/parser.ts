/** Parses the part of Python that torch writes into TorchScript files, without resolving or running anything. */
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import {
  type Body,
  type ClassCode,
  dotted,
  type Expression,
  type Field,
  type FileCode,
  type FunctionCode,
  type Parameter,
  type Statement,
} from './syntax.ts';
import { malformed, NOTHING, type Token, Tokens } from './tokens.ts';

/** The maximum number of nested brackets and blocks, and of chained calls, attributes and items. */
const DEEPEST = 200;
/** The memory of an expression or statement, which may be only two characters. */
const NODE_BYTES = 96;

/** Throws `MALFORMED` or `TRUNCATED`, at `place` and the line; `LIMIT`. */
export function parseFile(code: string, place: string, budget: Budget): FileCode {
  return new Parser(new Tokens(code, place), place, budget).file();
}

class Parser {
  readonly #tokens: Tokens;
  readonly #place: string;
  readonly #budget: Budget;
  #depth = 0;

  constructor(tokens: Tokens, place: string, budget: Budget) {
    this.#tokens = tokens;
    this.#place = place;
    this.#budget = budget;
  }

  file(): FileCode {
    const functions = new Map<string, FunctionCode>();
    const classes = new Map<string, ClassCode>();
    while (!this.#isAtEnd()) {
      const { text } = this.#peek();
      if (text === 'def') {
        const code = this.#function();
        functions.set(code.name, code);
      } else if (text === 'class') {
        const code = this.#class();
        classes.set(code.name, code);
      } else {
        this.#skipLine(); // imports, and the version of old files
      }
    }
    return { functions, classes };
  }

  #class(): ClassCode {
    this.#expect('class');
    const name = this.#name();
    this.#expect('(');
    const base = this.#name();
    this.#expect(')');
    this.#expect(':');
    const fields = new Map<string, Field>();
    const methods = new Map<string, FunctionCode>();
    this.#block(() => {
      if (this.#peek().text === 'def') {
        const code = this.#function();
        methods.set(code.name, code);
      } else {
        this.#field(fields);
      }
    });
    return { name, base, fields, methods };
  }

  /** `name : Type`, `name : Final[int] = 3`, `__annotations__["0"] = Type`, and lists of names that are not needed. */
  #field(fields: Map<string, Field>): void {
    const target = this.#expression();
    if (this.#take(':')) {
      const type = this.#expression();
      const value = this.#take('=') ? this.#expression() : undefined;
      if (target.kind === 'name') fields.set(target.name, { type, value });
    } else if (this.#take('=')) {
      const type = this.#expression();
      const isField = target.kind === 'subscript' && target.index.kind === 'text';
      if (isField) fields.set(target.index.value, { type, value: undefined });
    }
    this.#endLine();
  }

  #function(): FunctionCode {
    this.#expect('def');
    const name = this.#name();
    this.#expect('(');
    const parameters: Parameter[] = [];
    while (!this.#take(')')) {
      const parameter = this.#name();
      const type = this.#take(':') ? this.#expression() : undefined;
      const otherwise = this.#take('=') ? this.#expression() : undefined;
      parameters.push({ name: parameter, type, otherwise });
      if (!this.#take(',') && this.#peek().text !== ')') throw this.#unexpected('a comma');
    }
    if (this.#take('->')) this.#expression();
    this.#expect(':');
    return { name, parameters, body: this.#body() };
  }

  #body(): Body {
    const statements: Statement[] = [];
    this.#block(() => {
      const statement = this.#statement();
      if (statement !== undefined) statements.push(statement);
    });
    return statements;
  }

  /** The lines of a block that begins on the next line. */
  #block(line: () => void): void {
    this.#endLine();
    if (this.#peek().kind !== 'open') throw this.#unexpected('an indented block');
    this.#tokens.take();
    this.#deeper(() => {
      while (this.#peek().kind !== 'close') {
        if (this.#isAtEnd()) throw this.#unexpected('the end of the block');
        this.#budget.build(NODE_BYTES, this.#place);
        line();
      }
    });
    this.#tokens.take();
  }

  #statement(): Statement | undefined {
    const { kind, text } = this.#peek();
    if (kind === 'name') {
      switch (text) {
        case 'pass':
          this.#skipLine();
          return undefined;
        case 'return':
          return this.#return();
        case 'if':
          return this.#if();
        case 'for':
          return this.#for();
        case 'while':
        case 'with':
        case 'assert':
        case 'raise':
        case 'del':
        case 'try':
          return this.#refused(text);
      }
    }
    const value = this.#tuple();
    if (this.#take(':')) this.#expression(); // the type of a name, which its value has anyway
    if (!this.#take('=')) {
      this.#endLine();
      return { kind: 'expression', value };
    }
    const isTuple = value.kind === 'tuple';
    const statement: Statement = {
      kind: 'assign',
      targets: isTuple ? value.items : [value],
      isTuple,
      value: this.#tuple(),
    };
    this.#endLine();
    return statement;
  }

  #return(): Statement {
    this.#tokens.take();
    const value: Expression = this.#peek().kind === 'end' ? { kind: 'none' } : this.#tuple();
    this.#endLine();
    return { kind: 'return', value };
  }

  #if(): Statement {
    this.#tokens.take();
    const test = this.#expression();
    this.#expect(':');
    const body = this.#body();
    if (!this.#take('else')) return { kind: 'if', test, body, otherwise: [] };
    this.#expect(':');
    return { kind: 'if', test, body, otherwise: this.#body() };
  }

  #for(): Statement {
    this.#tokens.take();
    const variable = this.#name();
    this.#expect('in');
    const over = this.#expression();
    this.#expect(':');
    return { kind: 'for', variable, over, body: this.#body() };
  }

  /** Includes the block that may follow. */
  #refused(word: string): Statement {
    this.#skipLine();
    if (this.#peek().kind === 'open') {
      this.#tokens.take();
      for (let open = 1; open > 0 && !this.#isAtEnd(); this.#tokens.take()) {
        if (this.#peek().kind === 'open') open++;
        if (this.#peek().kind === 'close') open--;
      }
    }
    return { kind: 'refused', word };
  }

  /** An expression, or several separated by commas. */
  #tuple(): Expression {
    const first = this.#expression();
    if (this.#peek().text !== ',' || this.#peek().kind !== 'sign') return first;
    const items = [first];
    while (this.#take(',')) {
      if (this.#peek().kind === 'end' || this.#peek().text === '=') break;
      items.push(this.#expression());
    }
    return { kind: 'tuple', items };
  }

  #expression(): Expression {
    return this.#deeper(() => {
      let expression = this.#atom();
      for (let length = 0; ; length++) {
        if (length > DEEPEST) throw this.#tooDeep();
        if (this.#take('.')) expression = this.#attribute(expression);
        else if (this.#take('(')) expression = this.#call(expression);
        else if (this.#take('[')) expression = { kind: 'subscript', of: expression, index: this.#items(']') };
        else return expression;
        this.#budget.build(NODE_BYTES, this.#place);
      }
    });
  }

  #attribute(of: Expression): Expression {
    const name = this.#name();
    return { kind: 'attribute', of, name, dotted: dotted(of, name) };
  }

  #call(callee: Expression): Expression {
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    while (!this.#take(')')) {
      const value = this.#expression();
      if (value.kind === 'name' && this.#take('=')) named.push([value.name, this.#expression()]);
      else positional.push(value);
      if (!this.#take(',') && this.#peek().text !== ')') throw this.#unexpected('a comma');
    }
    return { kind: 'call', callee, positional, named };
  }

  #atom(): Expression {
    this.#budget.build(NODE_BYTES, this.#place);
    const { kind, text } = this.#peek();
    switch (kind) {
      case 'int':
      case 'float':
        this.#tokens.take();
        return { kind, value: Number(text) };
      case 'text':
        this.#tokens.take();
        return { kind, value: text };
      case 'name':
        this.#tokens.take();
        if (text === 'None') return { kind: 'none' };
        if (text === 'True' || text === 'False') return { kind: 'bool', value: text === 'True' };
        return { kind, name: text };
      case 'sign':
        if (this.#take('(')) return this.#items(')');
        if (this.#take('[')) return { kind: 'list', items: this.#list(']').items };
        if (this.#take('{')) return this.#dict();
        if (this.#take('-')) return this.#negative();
    }
    throw this.#unexpected('a value');
  }

  #negative(): Expression {
    const value = this.#deeper(() => this.#atom());
    if (value.kind === 'int' || value.kind === 'float') return { ...value, value: -value.value };
    if (value.kind === 'name' && value.name === 'inf') return { kind: 'float', value: -Infinity };
    throw this.#unexpected('a number');
  }

  /** One expression in brackets, or a tuple if there are commas. */
  #items(closing: string): Expression {
    const { items, endsInComma } = this.#list(closing);
    return items.length === 1 && !endsInComma ? items[0] : { kind: 'tuple', items };
  }

  #list(closing: string): { items: Expression[]; endsInComma: boolean } {
    const items: Expression[] = [];
    let endsInComma = false;
    while (!this.#take(closing)) {
      items.push(this.#expression());
      endsInComma = this.#take(',');
      if (!endsInComma && this.#peek().text !== closing) throw this.#unexpected('a comma');
    }
    return { items, endsInComma };
  }

  #dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.#take('}')) {
      const key = this.#expression();
      this.#expect(':');
      entries.push([key, this.#expression()]);
      if (!this.#take(',') && this.#peek().text !== '}') throw this.#unexpected('a comma');
    }
    return { kind: 'dict', entries };
  }

  #deeper<T>(parse: () => T): T {
    if (++this.#depth > DEEPEST) throw this.#tooDeep();
    const result = parse();
    this.#depth--;
    return result;
  }

  #tooDeep() {
    return malformed(`brackets and blocks are nested deeper than ${DEEPEST}`, this.#place, this.#peek().line);
  }

  #peek(): Token {
    return this.#tokens.peek();
  }

  #isAtEnd(): boolean {
    return this.#peek() === NOTHING;
  }

  /** Whether the next token is this sign or word; if so, it is consumed. */
  #take(text: string): boolean {
    const { kind, text: found } = this.#peek();
    const isTaken = found === text && (kind === 'sign' || kind === 'name');
    if (isTaken) this.#tokens.take();
    return isTaken;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(quote(text));
  }

  #name(): string {
    const { kind, text } = this.#peek();
    if (kind !== 'name') throw this.#unexpected('a name');
    this.#tokens.take();
    return text;
  }

  #endLine(): void {
    if (this.#peek().kind !== 'end') throw this.#unexpected('the end of the line');
    this.#tokens.take();
  }

  #skipLine(): void {
    while (!this.#isAtEnd() && this.#peek().kind !== 'end') this.#tokens.take();
    this.#tokens.take();
  }

  #unexpected(expected: string) {
    const { kind, text, line } = this.#peek();
    const found =
      kind === 'end' ? 'the end of the line' : kind === 'open' || kind === 'close' ? 'a block' : quote(text);
    return malformed(`expected ${expected}, found ${found}`, this.#place, line === 0 ? this.#tokens.lastLine : line);
  }
}
