/**
 * Finds the estimators of a file that are the model: the only one, or those that the option `member` names, each of
 * which takes the result of the one before. docs/formats/sklearn.md describes how members are named.
 */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { didYouMean, quote } from '../../../messages.ts';
import { isContainer } from '../../containers/pickle/parts.ts';
import { follow, type Located } from '../../containers/pickle/path.ts';
import {
  PickleGlobal,
  PickleList,
  PickleObject,
  type PickleValue,
  pickleKind,
} from '../../containers/pickle/values.ts';
import type { GivenFunctions, Member as MemberOption } from '../../format.ts';
import { Estimator } from '../estimator.ts';
import type { Label } from '../outcome.ts';
import { refusal } from '../refusals.ts';
import { isKnown, isStep, isWhole } from '../table.ts';
import { itemsOf, plainScalar } from '../values.ts';
import { type Member, Members } from './members.ts';
import { namesBeside } from './names.ts';

export interface Choice {
  /** In the order in which a row passes through them; the first takes the model's input. */
  readonly estimators: readonly Estimator[];
  /** The feature names in a list beside the first estimator, if it is unambiguous; no list of classes is used. */
  names(width: number, classes: readonly (readonly Label[])[]): readonly string[] | undefined;
}

/**
 * @throws {ForwardpassError} OPTION if the file has several candidates and `member` does not choose; MALFORMED,
 * UNSUPPORTED_OP.
 */
export function choose(
  values: readonly PickleValue[],
  member: MemberOption | undefined,
  budget: Budget,
  functions: GivenFunctions = new Map(),
): Choice {
  const file = new BundledFile(values, budget, functions);
  const chosen = member === undefined ? [file.default()] : [member].flat().map((asked) => file.member(asked));
  return {
    estimators: chosen.map(({ value, place }) => Estimator.of(value, place, budget)),
    names: (width, classes) => namesBeside(chosen[0], file.members, width, [...classes, ...file.encodedClasses()]),
  };
}

class BundledFile {
  readonly members: Members;
  /** The only pickle, or a list of all. */
  readonly #root: Located;
  readonly #first: Located;

  constructor(
    values: readonly PickleValue[],
    budget: Budget,
    private readonly functions: GivenFunctions,
  ) {
    this.members = new Members(budget);
    const list = new PickleList();
    for (const value of values) list.items.push(value);
    this.#root = { path: '', place: '', value: values.length === 1 ? values[0] : list, within: [] };
    this.#first =
      values.length === 1 ? this.#root : { path: '0', place: '', value: values[0], within: [this.#root.value] };
  }

  default(): Located {
    return this.#only(this.#first);
  }

  member(asked: string | number): Located {
    const { value } = this.#root;
    if (value instanceof PickleObject && isWhole(value.callable) && !isContainer(value)) {
      const message = `only applies to files that contain several objects; this one only contains a ${value.callable.name}`;
      throw new ForwardpassError('OPTION', message, 'member');
    }
    // With several pickles, a member that is not a number is looked up in the first.
    const found =
      follow(this.#root, asked, isOpen) ??
      (this.#first === this.#root ? undefined : follow(this.#first, asked, isOpen));
    if (found === undefined) throw this.#noMember(asked);
    return this.#only(found);
  }

  /** The classes that label encoders know. */
  encodedClasses(): readonly (readonly Label[])[] {
    const encoders = this.members.in(this.#root).filter(({ isOfLabels }) => isOfLabels);
    const attributes = encoders.map(({ value }) => value.attribute('classes_') ?? null);
    return attributes.map((classes) =>
      (itemsOf(classes) ?? []).map(plainScalar).filter((item) => typeof item === 'string'),
    );
  }

  /** The only estimator at a place of the file. */
  #only(at: Located): Located {
    if (at.value instanceof PickleObject && !isContainer(at.value)) return this.#read(at);
    const all = this.members.in(at);
    const models = all.filter(({ isOfLabels }) => !isOfLabels);
    const candidates = models.length > 0 ? models : all;
    if (candidates.length === 1) return this.#read(candidates[0]);
    throw candidates.length === 0 ? this.#none(at) : several(at, candidates);
  }

  /** For an object of a user-defined class: its content can be chosen, but is not what the class computes. */
  #read(at: Located): Located {
    const { value } = at;
    if (!(value instanceof PickleObject) || isWhole(value.callable) || this.functions.has(`${value.callable}`))
      return at;
    const inside = this.members.inside(at).filter((each) => isKnown(each.value.callable));
    if (inside.length === 0) return at;
    const { message } = refusal(Estimator.of(value, at.place, this.members.budget));
    const words = `its content can be run without it, such as \`member: ${quote(inside[0].path)}\` of ${listOf(inside)}`;
    throw new ForwardpassError('UNSUPPORTED_OP', `${message}; ${words}`);
  }

  #none({ value, place }: Located): ForwardpassError {
    const found = isContainer(value)
      ? `${pickleKind(value)} without a model`
      : value instanceof PickleGlobal
        ? `the class or function ${value}, of which the file contains only the name`
        : pickleKind(value);
    const others = this.#root === this.#first ? [] : this.members.in(this.#root);
    const elsewhere = others.length > 0 ? `; the file also contains ${listOf(others)}, for the option \`member\`` : '';
    return new ForwardpassError('MALFORMED', `expected an estimator, found ${found}${elsewhere}`, place || undefined);
  }

  #noMember(asked: string | number): ForwardpassError {
    const { value } = this.#root;
    const isOwn = value instanceof PickleObject && !isContainer(value);
    const all = isOwn ? this.members.inside(this.#root) : this.members.in(this.#root);
    const hint = didYouMean(
      String(asked),
      all.map(({ path }) => path),
    );
    const held = all.length > 0 ? `the file contains ${listOf(all)}` : `the file contains ${pickleKind(value)}`;
    return new ForwardpassError('OPTION', `${quote(String(asked))} not found${hint}; ${held}`, 'member');
  }
}

/** Whether a path may continue inside: an estimator of scikit-learn is used as a whole. */
function isOpen(value: PickleValue): boolean {
  return isContainer(value) || (value instanceof PickleObject && !isWhole(value.callable));
}

function several({ path }: Located, members: readonly Member[]): ForwardpassError {
  const [first] = members;
  const { steps, models } = sorted(members);
  const [example = first] = models;
  const isPair = members.length === 2 && steps.length === 1 && models.length === 1;
  const chain = isPair
    ? `; to run one after the other, \`member: [${quote(steps[0].path)}, ${quote(models[0].path)}]\``
    : '';
  const place = path === '' ? 'the file' : quote(path);
  const message = `${place} contains ${members.length} estimators: ${listOf(members)}; choose one with \`member\`, such as \`member: ${quote(example.path)}\`${chain}`;
  return new ForwardpassError('OPTION', message, 'member');
}

/** The supported ones, by what they do. */
function sorted(members: readonly Member[]) {
  const known = members.filter(({ value }) => isKnown(value.callable));
  return {
    steps: known.filter(({ value }) => isStep(value.callable)),
    models: known.filter(({ value }) => !isStep(value.callable)),
  };
}

const MOST_LISTED = 12;

/** `'scaler' (StandardScaler), 'model' (LogisticRegression)` */
function listOf(members: readonly Member[]): string {
  const shown = members.slice(0, MOST_LISTED).map(({ path, value }) => `${quote(path)} (${value.callable.name})`);
  const more = members.length > MOST_LISTED ? ` and ${members.length - MOST_LISTED} more` : '';
  return shown.join(', ') + more;
}
