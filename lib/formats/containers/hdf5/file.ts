/** An open HDF5 file: groups, their attributes, and the arrays in them, each checked before it is read. */
import type { Metadata } from 'h5wasm';
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { quote } from '../../../words.ts';
import { readStrings } from './attributes.ts';
import { elementTypeOf, type Hdf5Dataset, HeldArray } from './dataset.ts';
import { attempt, type Library } from './library.ts';

export type { Hdf5Dataset, Hdf5Element } from './dataset.ts';

export type Hdf5Kind = 'group' | 'dataset';

/** Arrays may be declared so much larger than the file that compresses them; without compression never larger. */
const HIGHEST_RATIO = 100;
const MODEST_BYTES = 2 ** 20;

/** Paths are written without a slash in front; the file itself is ''. */
export class Hdf5File {
  private readonly kinds = new Map<string, Hdf5Kind>([['', 'group']]);
  private readonly names = new Map<string, readonly string[]>();
  private readonly attributeNames = new Map<string, ReadonlySet<string>>();
  /** Bytes and elements of the arrays declared so far. */
  private bytes = 0;
  private elements = 0;

  constructor(
    private readonly library: Library,
    private readonly id: bigint,
    private readonly size: number,
    /** For messages. */
    readonly name: string,
    private readonly budget: Budget,
  ) {}

  close(): void {
    if (this.library.isBroken) return;
    attempt(this.library, this.name, (calls) => calls.close_file(this.id));
  }

  /** What is at the path: undefined for nothing. Throws `UNSAFE` where a link leads elsewhere on the way. */
  kind(path: string): Hdf5Kind | undefined {
    const known = this.kinds.get(path);
    if (known !== undefined) return known;
    const cut = path.lastIndexOf('/');
    const [parent, name] = [path.slice(0, Math.max(cut, 0)), path.slice(cut + 1)];
    if (this.kind(parent) !== 'group' || !this.children(parent).includes(name)) return undefined;
    const kind = this.look(path);
    this.kinds.set(path, kind);
    return kind;
  }

  /** The names in a group. */
  children(group: string): readonly string[] {
    const known = this.names.get(group);
    if (known !== undefined) return known;
    if (this.kind(group) !== 'group') {
      throw new ForwardpassError('MALFORMED', 'expected a group, found none', this.at(group));
    }
    const depth = group === '' ? 0 : group.split('/').length;
    if (depth > this.budget.limits.depth) {
      throw new ForwardpassError(
        'LIMIT',
        `groups are nested more than ${this.budget.limits.depth} deep`,
        this.at(group),
      );
    }
    const names = attempt(this.library, this.at(group), (calls) => calls.get_names(this.id, absolute(group), false));
    if (names.length > this.budget.limits.nodes) {
      throw new ForwardpassError('LIMIT', `holds ${names.length} names; \`limits.nodes\` allows fewer`, this.at(group));
    }
    this.names.set(group, names);
    return names;
  }

  /** The strings of an attribute, a single one for one that is no list; undefined when there is none. */
  strings(path: string, attribute: string): readonly string[] | undefined {
    if (this.kind(path) === undefined || !this.attributesOf(path).has(attribute)) return undefined;
    const place = `${this.at(path)} attribute ${attribute}`;
    return attempt(this.library, place, (calls) =>
      readStrings({ calls, id: this.id, path: absolute(path), attribute, place, most: this.size }),
    );
  }

  /** An array, unread. Throws for one whose type, storage or size a model's weights never have. */
  dataset(path: string): Hdf5Dataset {
    const place = this.at(path);
    if (this.kind(path) !== 'dataset') throw new ForwardpassError('MALFORMED', 'expected an array, found none', place);
    const isBfloat16 = this.strings(path, 'dtype')?.[0] === 'bfloat16';
    return attempt(this.library, place, (calls) => {
      const metadata = calls.get_dataset_metadata(this.id, absolute(path));
      if (metadata.virtual_sources !== undefined) {
        throw new ForwardpassError('UNSAFE', 'its data is put together from other files (a virtual dataset)', place);
      }
      const element = elementTypeOf(metadata, isBfloat16, place);
      const shape = this.checkSize(metadata, place);
      const filters = metadata.chunks === null ? [] : calls.get_dataset_filters(this.id, absolute(path));
      return new HeldArray({
        library: this.library,
        id: this.id,
        path: absolute(path),
        place,
        shape,
        element,
        filters,
      });
    });
  }

  /** Nothing is allocated for an array that the file cannot hold. */
  private checkSize({ shape, size, chunks }: Metadata, place: string): readonly number[] {
    if (shape === null) throw new ForwardpassError('MALFORMED', 'expected an array, found none', place);
    const elements = shape.reduce((product, length) => product * length, 1);
    if (!shape.every(Number.isSafeInteger) || !Number.isSafeInteger(elements * size)) {
      throw new ForwardpassError('LIMIT', `declares the shape [${shape.join(', ')}], more than any file holds`, place);
    }
    this.bytes += elements * size;
    this.elements += elements;
    const most = chunks === null ? this.size : Math.max(MODEST_BYTES, HIGHEST_RATIO * this.size);
    if (this.bytes > most) {
      const message = `declares the shape [${shape.join(', ')}], which brings the file's arrays to ${this.bytes} bytes`;
      throw new ForwardpassError('LIMIT', `${message}; a file of ${this.size} bytes may hold ${most}`, place);
    }
    if (this.elements > this.budget.limits.parameters) {
      const message = `brings the file's arrays to ${this.elements} elements, over \`limits.parameters\``;
      throw new ForwardpassError('LIMIT', message, place);
    }
    const chunkBytes = (chunks ?? []).reduce((product, length) => product * length, size);
    if (chunks !== null && chunkBytes > most) {
      throw new ForwardpassError('LIMIT', `declares chunks of ${chunkBytes} bytes; ${most} are allowed`, place);
    }
    return shape;
  }

  private look(path: string): Hdf5Kind {
    const place = this.at(path);
    return attempt(this.library, place, (calls) => {
      const target = calls.get_symbolic_link(this.id, absolute(path)) as string | null;
      if (target !== null) {
        throw new ForwardpassError('UNSAFE', `is a soft link to ${quote(target)}; expected what it stands for`, place);
      }
      const { filename } = calls.get_external_link(this.id, absolute(path)) as { filename?: string };
      if (filename !== undefined) {
        throw new ForwardpassError('UNSAFE', `is an external link into the file ${quote(filename)}`, place);
      }
      const type = calls.get_type(this.id, absolute(path));
      if (type === calls.H5G_GROUP) return 'group';
      if (type === calls.H5G_DATASET) return 'dataset';
      throw new ForwardpassError('MALFORMED', 'expected a group or an array, found something else', place);
    });
  }

  private attributesOf(path: string): ReadonlySet<string> {
    const known = this.attributeNames.get(path);
    if (known !== undefined) return known;
    const names = attempt(this.library, this.at(path), (calls) => calls.get_attribute_names(this.id, absolute(path)));
    const set = new Set<string>(names);
    this.attributeNames.set(path, set);
    return set;
  }

  private at(path: string): string {
    return path === '' ? this.name : `${this.name} ${path}`;
  }
}

function absolute(path: string): string {
  return `/${path}`;
}
