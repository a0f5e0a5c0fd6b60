/** What the process tells the shell. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  data: 3,
  nativeLibrary: 4,
  interrupted: 130,
} as const;
