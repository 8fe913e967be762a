/** An open HDF5 file: groups, their attributes, and the arrays in them, each checked before it is read. */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { quote } from '../../../messages.ts';
import { type Attribute, attributesOf, readStrings } from './attributes.ts';
import { describeArray, type Hdf5Dataset, readArray } from './dataset.ts';
import { GlobalHeap } from './global-heap.ts';
import type { Link } from './link.ts';
import { linksOf } from './links.ts';
import { type Messages, readMessages, TYPES } from './messages.ts';
import { Reader, Storage } from './reader.ts';
import { ArraySizes } from './sizes.ts';
import { readSuperblock } from './superblock.ts';

export type { Hdf5Dataset, Hdf5Element } from './dataset.ts';

export type Hdf5Kind = 'group' | 'dataset';

/** What is at an address, as far as it was looked at. */
interface StoredObject {
  readonly address: number;
  readonly kind: Hdf5Kind;
  links?: ReadonlyMap<string, Link>;
  attributes?: ReadonlyMap<string, Attribute>;
}

/** Finding an object again by another path: links may form knots. */
const STEPS_PER_PATH = 64;
/** What an object takes while a model loads, with all that is made of it, and what a link takes. */
const OBJECT_BYTES = 2304;
const LINK_BYTES = 96;
const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();

/** Paths are written without a slash in front; the file itself is ''. */
export class Hdf5File {
  private readonly reader: Reader;
  private readonly heap = new GlobalHeap();
  private readonly sizes: ArraySizes;
  /** By path. */
  private readonly found = new Map<string, StoredObject>();
  /** By address. */
  private readonly objects = new Map<number, StoredObject>();
  /** The header that was read last: an object's parts are asked for one after the other. */
  private last: { readonly address: number; readonly messages: Messages } | undefined;

  constructor(
    bytes: Uint8Array,
    /** For messages. */
    readonly name: string,
    private readonly budget: Budget,
  ) {
    this.reader = new Reader(new Storage(bytes, budget), name);
    this.sizes = new ArraySizes(bytes.length, budget);
    this.found.set('', this.look('', readSuperblock(this.reader)));
  }

  close(): void {
    this.found.clear();
    this.objects.clear();
    this.last = undefined;
  }

  /** What is at the path: undefined for nothing. Throws `UNSAFE` where a link leads elsewhere on the way. */
  kind(path: string): Hdf5Kind | undefined {
    return this.find(path)?.kind;
  }

  /** The names in a group, in the order of their making or else of the alphabet. */
  children(group: string): readonly string[] {
    const object = this.find(group);
    if (object?.kind !== 'group') {
      throw new ForwardpassError('MALFORMED', 'expected a group, found none', this.at(group));
    }
    return [...this.linksIn(group, object).keys()];
  }

  /** The strings of an attribute, a single one for one that is not a list; undefined when there is none. */
  strings(path: string, attribute: string): readonly string[] | undefined {
    const object = this.find(path);
    if (object === undefined) return undefined;
    object.attributes ??= this.attributesOf(path, object);
    const found = object.attributes.get(attribute);
    return found && readStrings(found, this.heap, `${this.at(path)} attribute ${attribute}`);
  }

  /** An array, unread. Throws for one whose type, storage or size a model's weights never have. */
  dataset(path: string): Hdf5Dataset {
    const place = this.at(path);
    const object = this.find(path);
    if (object?.kind !== 'dataset') throw new ForwardpassError('MALFORMED', 'expected an array, found none', place);
    const isBfloat16 = this.strings(path, 'dtype')?.[0] === 'bfloat16';
    const described = describeArray(this.messagesOf(path, object), isBfloat16);
    this.sizes.declare(object.address, described);
    const { shape, element } = described;
    // Files have many arrays: a description is made again when it is wanted.
    const read = () => {
      const again = describeArray(this.messagesOf(path, object), isBfloat16);
      this.sizes.read(object.address, again);
      return readArray(again);
    };
    return { shape, element, place, read };
  }

  private find(path: string): StoredObject | undefined {
    const known = this.found.get(path);
    if (known !== undefined) return known;
    let at = Math.max(0, path.lastIndexOf('/'));
    if (!this.found.has(path.slice(0, at))) at = 0;
    // From the nearest group that is known, or from the root.
    for (;;) {
      const group = path.slice(0, at);
      const end = path.indexOf('/', at + 1);
      const inner = end < 0 ? path : path.slice(0, end);
      const object = this.found.get(inner) ?? this.enter(group, path.slice(at === 0 ? 0 : at + 1, inner.length), inner);
      if (object === undefined || end < 0) return object;
      at = end;
    }
  }

  private enter(group: string, name: string, path: string): StoredObject | undefined {
    const parent = this.found.get(group);
    const link = parent?.kind === 'group' ? this.linksIn(group, parent).get(name) : undefined;
    return link && this.follow(path, link);
  }

  private follow(path: string, link: Link): StoredObject {
    const place = this.at(path);
    if (link.kind === 'soft') {
      const message = `is a soft link to ${quote(link.target)}; expected the object itself`;
      throw new ForwardpassError('UNSAFE', message, place);
    }
    if (link.kind === 'external') {
      throw new ForwardpassError('UNSAFE', `is an external link into the file ${quote(link.file)}`, place);
    }
    if (link.kind === 'other') {
      throw new ForwardpassError('UNSAFE', `is a link of the type ${link.type}, which its writer defined`, place);
    }
    const object = this.look(path, link.address);
    const { depth } = this.budget.limits;
    if (object.kind === 'group' && path.split('/').length > depth) {
      throw new ForwardpassError('LIMIT', `groups are nested more than ${depth} deep`, place);
    }
    this.found.set(path, object);
    return object;
  }

  private look(path: string, address: number | undefined): StoredObject {
    const reader = this.reader.at(this.at(path));
    if (address === undefined) throw reader.damaged('it has no address');
    const known = this.objects.get(address);
    if (known !== undefined) {
      this.budget.step(STEPS_PER_PATH, reader.place);
      return known;
    }
    this.budget.build(OBJECT_BYTES, reader.place);
    const messages = readMessages(reader, address);
    this.last = { address, messages };
    const object = { address, kind: kindOf(messages) };
    this.objects.set(address, object);
    return object;
  }

  private messagesOf(path: string, { address }: StoredObject): Messages {
    const reader = this.reader.at(this.at(path));
    if (this.last?.address !== address) this.last = { address, messages: readMessages(reader, address) };
    return this.last.messages.at(reader);
  }

  private attributesOf(path: string, object: StoredObject): ReadonlyMap<string, Attribute> {
    const attributes = attributesOf(this.messagesOf(path, object));
    return attributes.size === 0 ? NO_ATTRIBUTES : attributes;
  }

  private linksIn(path: string, group: StoredObject): ReadonlyMap<string, Link> {
    const { limits } = this.budget;
    if (group.links !== undefined) return group.links;
    const place = this.at(path);
    const links = new Map<string, Link>();
    for (const link of linksOf(this.messagesOf(path, group))) {
      this.budget.build(LINK_BYTES, place);
      if (links.has(link.name) || link.name === '' || link.name.includes('/')) {
        throw this.reader.at(place).damaged(`the name ${quote(link.name)} occurs twice, or is empty`);
      }
      links.set(link.name, link);
      if (links.size <= limits.nodes) continue;
      const message = `holds more than ${limits.nodes} names; raise \`limits.nodes\` if they are meant`;
      throw new ForwardpassError('LIMIT', message, place);
    }
    group.links = inOrder(links);
    return group.links;
  }

  private at(path: string): string {
    return path === '' ? this.name : `${this.name} ${path}`;
  }
}

/** In the order in which they were made, where the group says it, and otherwise in that of their names. */
function inOrder(links: ReadonlyMap<string, Link>): ReadonlyMap<string, Link> {
  const all = [...links];
  const isOrdered = all.every(([, { order }]) => order !== undefined);
  const before = (a: Link, b: Link) => (isOrdered ? Number(a.order) - Number(b.order) : a.name < b.name ? -1 : 1);
  return new Map(all.sort(([, a], [, b]) => before(a, b)));
}

function kindOf(messages: Messages): Hdf5Kind {
  if (messages.has(TYPES.symbolTable) || messages.has(TYPES.linkInfo)) return 'group';
  if (messages.has(TYPES.layout) || messages.has(TYPES.external)) return 'dataset';
  const message = 'expected a group or an array, found something else';
  throw new ForwardpassError('MALFORMED', message, messages.reader.place);
}
