/** An open HDF5 file: groups, their attributes and their arrays, each checked before it is read. */
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

/** What was read so far of the object at an address. */
interface StoredObject {
  readonly address: number;
  readonly kind: Hdf5Kind;
  links?: ReadonlyMap<string, Link>;
  attributes?: ReadonlyMap<string, Attribute>;
}

/** The cost of finding an object again by another path: links may form cycles. */
const STEPS_PER_PATH = 64;
/** The memory that an object takes while a model loads, with everything derived from it; and that of a link. */
const OBJECT_BYTES = 2304;
const LINK_BYTES = 96;
const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();

/** Paths have no leading slash; the file itself is ''. */
export class Hdf5File {
  private readonly reader: Reader;
  private readonly heap = new GlobalHeap();
  private readonly sizes: ArraySizes;
  /** By path. */
  private readonly found = new Map<string, StoredObject>();
  /** By address. */
  private readonly objects = new Map<number, StoredObject>();
  /** The last header read: an object's parts are requested one after another. */
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

  /**
   * The kind of the object at the path; undefined if it does not exist. Throws `UNSAFE` if a link on the way leads to
   * another file.
   */
  kind(path: string): Hdf5Kind | undefined {
    return this.find(path)?.kind;
  }

  /** The names in a group, in creation order or else alphabetical. */
  children(group: string): readonly string[] {
    const object = this.find(group);
    if (object?.kind !== 'group') {
      throw new ForwardpassError('MALFORMED', 'expected a group, found none', this.at(group));
    }
    return [...this.linksIn(group, object).keys()];
  }

  /** The strings of an attribute; a single one if it is not a list; undefined if not found. */
  strings(path: string, attribute: string): readonly string[] | undefined {
    const object = this.find(path);
    if (object === undefined) return undefined;
    object.attributes ??= this.attributesOf(path, object);
    const found = object.attributes.get(attribute);
    return found && readStrings(found, this.heap, `${this.at(path)} attribute ${attribute}`);
  }

  /** An array that is not read yet. Throws for types, storage or sizes that a model's weights never have. */
  dataset(path: string): Hdf5Dataset {
    const place = this.at(path);
    const object = this.find(path);
    if (object?.kind !== 'dataset') throw new ForwardpassError('MALFORMED', 'expected an array, found none', place);
    const isBfloat16 = this.strings(path, 'dtype')?.[0] === 'bfloat16';
    const described = describeArray(this.messagesOf(path, object), isBfloat16);
    this.sizes.declare(object.address, described);
    const { shape, element } = described;
    // Files have many arrays, so descriptions are not kept but read again.
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
    // Starts at the nearest known group, or at the root.
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
      throw new ForwardpassError('UNSAFE', `is a link of the user-defined type ${link.type}`, place);
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
      const message = `holds more than ${limits.nodes} names; raise \`limits.nodes\` if that is intended`;
      throw new ForwardpassError('LIMIT', message, place);
    }
    group.links = inOrder(links);
    return group.links;
  }

  private at(path: string): string {
    return path === '' ? this.name : `${this.name} ${path}`;
  }
}

/** In creation order if the group stores it, otherwise by name. */
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
