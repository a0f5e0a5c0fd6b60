import { FormatFault } from '../../lib/serialize/format-fault';
import { parseHeaderJson } from '../../lib/serialize/header-json';

/** The value as JSON.parse would give it. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'bigint' ? Number(value) : value;
}

describe('parseHeaderJson', () => {
  it.each([
    '{}',
    ' { "a" : [ 1 , -2 , 0 ] , "b" : { } } \n\t',
    '{"e":"\\u00e9\\n\\"\\\\\\/ é 🐱 \\ud83d\\udc31","f":[1.5,-0.5e-3,1E5],"g":[true,false,null]}',
    '[]',
    '""',
  ])('reads %s as JSON.parse does', (text) => {
    expect(plain(parseHeaderJson(text))).toEqual(JSON.parse(text));
  });

  it('reads a string of megabytes', () => {
    for (const piece of ['a', '\\n', 'é']) {
      expect(parseHeaderJson(`"${piece.repeat(3_000_000)}"`)).toHaveLength(3_000_000);
    }
  });

  it('keeps the order of keys, large integers and the difference of 2 and 2.0', () => {
    const map = parseHeaderJson('{"b":2,"1":2.0,"0":9007199254740993,"__proto__":2e0}') as Map<string, unknown>;
    expect([...map]).toEqual([
      ['b', 2n],
      ['1', 2],
      ['0', 9007199254740993n],
      ['__proto__', 2],
    ]);
  });

  it.each([
    ['{"a":1,"a":2}', 'the key "a" occurs twice, at character 7'],
    ['{"a":1,"\\u0061":2}', 'the key "a" occurs twice'],
    ['{"a":1} x', 'text after the end'],
    ['{"a":1', 'expected `,` or `}`'],
    ['{"a" 1}', 'expected `:`'],
    ['{a:1}', 'expected a key in double quotes'],
    ['{"a":1,}', 'expected a key in double quotes'],
    ['[1,]', 'expected a value'],
    ['[1 2]', 'expected `,` or `]`'],
    ['[01]', 'expected `,` or `]`'],
    ['[+1]', 'expected a value'],
    ['[NaN]', 'expected a value'],
    ['"\\x"', 'a string with a character or an escape that JSON does not have'],
    ['"\\ud800"', 'half a surrogate pair'],
    ['"line\nbreak"', 'a string with a character or an escape that JSON does not have'],
    ['"abc\\', 'a string without its end'],
    ['"abc', 'a string without its end'],
    ['', 'the JSON ends too early'],
    ['\ufeff{}', 'expected a value'],
    ['['.repeat(100_000), 'nested deeper than 32 levels'],
  ])('refuses %.20s', (text, message) => {
    expect(() => parseHeaderJson(text)).toThrow(FormatFault);
    expect(() => parseHeaderJson(text)).toThrow(message);
  });
});
