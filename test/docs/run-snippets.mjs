// Runs compiled blocks one after another, in a folder of their own; prints what each line logged, as one JSON object.
import { formatWithOptions } from 'node:util';
import { pathToFileURL } from 'node:url';

/** @type {Record<number, string[]>} */
const logged = {};
globalThis.loggedAt = new Proxy(
  {},
  {
    get:
      (_, line) =>
      (...values) => {
        (logged[String(line)] ??= []).push(formatWithOptions({ colors: false }, ...values));
      },
  },
);

/** @type {Record<string, string>} */
const failures = {};
for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(file));
  } catch (error) {
    failures[file] = String(error?.stack ?? error);
  }
}
process.stdout.write(JSON.stringify({ logged, failures }));
