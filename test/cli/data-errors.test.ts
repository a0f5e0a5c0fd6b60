import { appendFileSync, cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';

import sharp from 'sharp';

import { tiny, Workshop } from '../train/program';

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

/** A copy of the data set, to be broken. */
function copy(name: string): { path: (...parts: string[]) => string; first: string } {
  cpSync(workshop.data, workshop.path(name), { recursive: true });
  const path = (...parts: string[]): string => workshop.path(name, ...parts);
  const [first = ''] = workshop.read(name, 'annotations', 'trainval.txt').split(' ');
  return { path, first };
}

/** One line, exit code 3, and nothing left behind. */
async function expectDataError(name: string, message: RegExp): Promise<void> {
  const { stdout, stderr, code } = await workshop.run(['--data', name, ...tiny, '--quiet', '--out', 'out']);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd()).not.toContain('\n');
  expect(stdout).toBe('');
  expect(code).toBe(3);
  expect(existsSync(workshop.path('out')) ? readdirSync(workshop.path('out')) : []).toEqual([]);
}

test('a folder without images', async () => {
  const { path } = copy('no-images');
  rmSync(path('images'), { recursive: true });
  await expectDataError('no-images', /^error: .*no-images is not the Oxford-IIIT Pet set: .*images/);
});

test('a split list that names a file which is not there', async () => {
  const { path } = copy('named');
  appendFileSync(path('annotations', 'trainval.txt'), 'Unicorn_1 1 1 1\n');
  await expectDataError('named', /^error: .*trainval\.txt, line 13 names Unicorn_1, but there is no file/);
});

test('an image that cannot be read', async () => {
  const { path, first } = copy('unreadable');
  writeFileSync(path('images', `${first}.jpg`), 'not an image');
  await expectDataError('unreadable', new RegExp(`^error: .*${first}\\.jpg`));
});

test('an image that is cut short', async () => {
  const { path, first } = copy('short');
  const whole = await sharp(path('images', `${first}.jpg`)).toBuffer();
  writeFileSync(path('images', `${first}.jpg`), whole.subarray(0, whole.length / 2));
  await expectDataError('short', new RegExp(`^error: .*${first}\\.jpg`));
});

test('a trimap of another size than its image', async () => {
  const { path, first } = copy('size');
  const trimap = path('annotations', 'trimaps', `${first}.png`);
  const smaller = await sharp(trimap).resize(12, 24, { kernel: 'nearest' }).toBuffer();
  writeFileSync(trimap, smaller);
  await expectDataError('size', new RegExp(`^error: .*${first}\\.png.*12 x 24.*24 x 24`));
});

test('an empty split list', async () => {
  const { path } = copy('empty-list');
  writeFileSync(path('annotations', 'test.txt'), '');
  await expectDataError('empty-list', /^error: .*test\.txt is empty/);
});
