/** What is wrong with the bytes of a file, as half a sentence; the reader of the file puts the file's name before it. */
export class FormatFault extends Error {}
