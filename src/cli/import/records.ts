/** A legal event takes some kilobytes, however it is escaped. What is longer is not held in memory. */
const MAX_RECORD_BYTES = 1024 * 1024;

const LINE_FEED = 0x0a;

/** One record as it stands in the file, without its line feed. `bytes` is undefined for one that is too long. */
export type RawRecord = { line: number; bytes: Buffer | undefined };

/** Finds the line feed that ends the current record, at or after `from`; -1 when the chunk ends first. */
export type FindEnd = (chunk: Buffer, from: number) => number;

/** Records that end at every line feed. */
export const findLineEnd: FindEnd = (chunk, from) => chunk.indexOf(LINE_FEED, from);

/** Cuts bytes into records as they come. Memory stays flat, whatever comes. */
export class RecordSplitter {
  readonly #findEnd: FindEnd;
  #line = 1;
  /** What is there of a record whose end has not come. */
  #parts: Buffer[] = [];
  #length = 0;
  #lineFeeds = 0;

  constructor(findEnd: FindEnd) {
    this.#findEnd = findEnd;
  }

  *push(chunk: Buffer): Generator<RawRecord> {
    let from = 0;
    for (let end = this.#findEnd(chunk, 0); end !== -1; end = this.#findEnd(chunk, from)) {
      this.#add(chunk.subarray(from, end));
      yield this.#take();
      from = end + 1;
    }
    this.#add(chunk.subarray(from));
  }

  /** The last record, where no line feed ends it. */
  *end(): Generator<RawRecord> {
    if (this.#length > 0) yield this.#take();
  }

  #add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > MAX_RECORD_BYTES) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
    for (let at = part.indexOf(LINE_FEED); at !== -1; at = part.indexOf(LINE_FEED, at + 1)) this.#lineFeeds += 1;
  }

  #take(): RawRecord {
    const [first, ...more] = this.#parts;
    const bytes = first && more.length === 0 ? first : Buffer.concat(this.#parts);
    const record = { line: this.#line, bytes: this.#length > MAX_RECORD_BYTES ? undefined : bytes };
    this.#line += this.#lineFeeds + 1;
    this.#parts = [];
    this.#length = 0;
    this.#lineFeeds = 0;
    return record;
  }
}
