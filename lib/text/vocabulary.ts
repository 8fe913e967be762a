/** The terms of a model, looked up by a part of a text without creating a string. */
import { Units } from './units.ts';

/** The most terms with colliding hashes that are searched; with more, a Map is used. */
const MOST_TRIED = 64;
const FEWEST_PLACES = 16;

/**
 * The numbers in a slot: a term's hash, its number + 1 (0 if the slot is empty), the position of its units, and their
 * number.
 */
const PLACE = 4;

export class Vocabulary {
  readonly size: number;
  /** The units of all terms in sequence. */
  readonly #units: Uint16Array;
  readonly #places: Int32Array;
  readonly #mask: number;
  #map: Map<string, number> | undefined;

  constructor(terms: readonly string[]) {
    this.size = terms.length;
    const units = new Units();
    const ends = Int32Array.from(terms, (term) => {
      units.write(term);
      return units.length;
    });
    this.#units = units.data.slice(0, units.length);
    const count = 2 ** Math.max(Math.ceil(Math.log2(2 * terms.length + 1)), Math.log2(FEWEST_PLACES));
    this.#places = new Int32Array(PLACE * count);
    this.#mask = count - 1;
    let start = 0;
    for (let id = 0; id < terms.length && this.#map === undefined; id++) {
      const end = ends[id];
      if (!this.#add(id, units.hash(start, end), start, end))
        this.#map = new Map(terms.map((term, own) => [term, own]));
      start = end;
    }
  }

  #add(id: number, hash: number, start: number, end: number): boolean {
    for (let tried = 0; tried < MOST_TRIED; tried++) {
      const place = PLACE * ((hash + tried) & this.#mask);
      if (this.#places[place + 1] !== 0) continue;
      this.#places.set([hash, id + 1, start, end - start], place);
      return true;
    }
    return false;
  }

  /** The number of the term equal to a part of a text; −1 if there is none. */
  find(text: Units, from: number, to: number): number {
    if (this.#map !== undefined) return this.#map.get(stringOf(text, from, to)) ?? -1;
    const hash = text.hash(from, to);
    const { data } = text;
    const places = this.#places;
    const units = this.#units;
    const mask = this.#mask;
    for (let tried = 0; tried < MOST_TRIED; tried++) {
      const place = PLACE * ((hash + tried) & mask);
      const id = places[place + 1] - 1;
      if (id < 0) return -1;
      if (places[place] !== hash || places[place + 3] !== to - from) continue;
      const start = places[place + 2] - from;
      let at = from;
      while (at < to && units[start + at] === data[at]) at++;
      if (at === to) return id;
    }
    return -1;
  }
}

function stringOf(text: Units, from: number, to: number): string {
  let string = '';
  for (let at = from; at < to; at++) string += String.fromCharCode(text.data[at]);
  return string;
}
