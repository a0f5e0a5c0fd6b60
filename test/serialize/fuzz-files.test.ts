import { huntFiles } from './hunt-files';

// The long form: node scripts/fuzz-files.mjs --files 100000
it('refuses damaged files of every format with an error that names file and fault, and nothing else happens', async () => {
  const files = 3000;
  const { refused, harmless, faults, finds } = await huntFiles({ files, seed: 20_000 });
  expect(finds).toEqual([]);
  expect(refused + harmless).toBe(files);
  expect(refused).toBeGreaterThan(files / 2);
  expect(faults).toBeGreaterThan(50);
}, 330_000);
