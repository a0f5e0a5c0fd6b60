/** What is wrong with the bytes of a file, as half a sentence; the reader of the file puts the file's name before it. */
export class FormatFault extends Error {}

/** Text of a file in a message: short, and without what a terminal would obey. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
