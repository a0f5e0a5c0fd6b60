import { FormatFault } from './format-fault';

/** A JSON value of a safetensors header. Integers are bigints, so that `2.0` and `2e3` are no integers, as in the format. */
export type HeaderValue = null | boolean | number | bigint | string | HeaderValue[] | Map<string, HeaderValue>;

/** Deeper nesting than any header has; without a limit hostile input would overflow the stack. */
const DEPTH_LIMIT = 32;

/**
 * Parses the JSON of a safetensors header, strictly. Not `JSON.parse`: that drops all but the last of two equal keys,
 * moves keys such as `"0"` to the front, gives `"__proto__"` a meaning and rounds large integers, and each of these
 * would let a broken or hostile file pass for another one.
 * @throws {FormatFault} that says what is wrong and at which character
 */
export function parseHeaderJson(text: string): HeaderValue {
  return new Parser(text).document();
}

class Parser {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  document(): HeaderValue {
    const value = this.value();
    this.space();
    if (this.at < this.text.length) this.fail('text after the end of the JSON');
    return value;
  }

  private value(): HeaderValue {
    this.space();
    switch (this.text[this.at]) {
      case '{':
        return this.nested(() => this.object());
      case '[':
        return this.nested(() => this.array());
      case '"':
        return this.string();
      default:
        return this.literal();
    }
  }

  private nested<T>(parse: () => T): T {
    if (++this.depth > DEPTH_LIMIT) this.fail(`nested deeper than ${DEPTH_LIMIT} levels`);
    this.at++;
    const value = parse();
    this.depth--;
    return value;
  }

  private object(): Map<string, HeaderValue> {
    const object = new Map<string, HeaderValue>();
    if (this.takes('}')) return object;
    do {
      this.space();
      const start = this.at;
      if (this.text[this.at] !== '"') this.fail('expected a key in double quotes');
      const key = this.string();
      if (object.has(key)) this.fail(`the key ${JSON.stringify(key)} occurs twice`, start);
      if (!this.takes(':')) this.fail('expected `:`');
      object.set(key, this.value());
    } while (this.takes(','));
    if (!this.takes('}')) this.fail('expected `,` or `}`');
    return object;
  }

  private array(): HeaderValue[] {
    const array: HeaderValue[] = [];
    if (this.takes(']')) return array;
    do array.push(this.value());
    while (this.takes(','));
    if (!this.takes(']')) this.fail('expected `,` or `]`');
    return array;
  }

  private string(): string {
    const start = this.at++;
    // A loop, not a regular expression: those keep a stack entry per character and overflow on a string of megabytes.
    for (; this.text[this.at] !== '"'; this.at += this.text[this.at] === '\\' ? 2 : 1) {
      if (this.at >= this.text.length) this.fail('a string without its end', start);
    }
    const token = this.text.slice(start, ++this.at);
    let value: string;
    try {
      value = JSON.parse(token) as string;
    } catch {
      return this.fail('a string with a character or an escape that JSON does not have', start);
    }
    if (/\p{Surrogate}/u.test(value)) this.fail('half a surrogate pair in a string', start);
    return value;
  }

  private literal(): HeaderValue {
    const integer = this.match(/-?(?:0|[1-9]\d*)(?![\d.eE])/y);
    if (integer !== undefined) return BigInt(integer);
    const number = this.match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return Number(number);
    const word = this.match(/true|false|null/y);
    if (word !== undefined) return word === 'null' ? null : word === 'true';
    return this.fail(this.at < this.text.length ? 'expected a value' : 'the JSON ends too early');
  }

  private takes(character: string): boolean {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private space(): void {
    this.match(/[ \t\n\r]*/y);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const token = pattern.exec(this.text)?.[0];
    if (token !== undefined) this.at += token.length;
    return token;
  }

  private fail(what: string, at = this.at): never {
    throw new FormatFault(`${what}, at character ${at}`);
  }
}
