import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { tiny, Workshop } from '../train/program';

const workshop = new Workshop();
let server: Server;
let asked: string[];

beforeAll(
  () =>
    new Promise<void>((resolve) => {
      server = createServer((request, response) => {
        asked.push(request.url ?? '');
        response.end('not the archive');
      }).listen(0, '127.0.0.1', resolve);
    }),
);
beforeEach(() => (asked = []));
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  workshop.close();
});

test('a download that is not the official archive: one line, exit code 3, nothing left', async () => {
  const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pets`;
  const flags = ['--download', '--data', 'pets', ...tiny, '--json'];
  const { code, stdout, stderr } = await workshop.run(flags, { OXFORD_PETS_MIRROR: mirror });
  expect(asked).toEqual(['/pets/images.tar.gz']);
  expect(stderr).toMatch(/^error: .*images\.tar\.gz has the MD5 .*\n$/);
  expect(stdout).toBe('');
  expect(code).toBe(3);
  expect(readdirSync(workshop.path('pets'))).toEqual([]);
  expect(existsSync(workshop.path('runs'))).toBe(false);
});

test('a place that cannot be written: one line, exit code 3', async () => {
  writeFileSync(workshop.path('a-file'), '');
  const { code, stderr } = await workshop.run(['--download', '--data', 'a-file/pets', ...tiny, '--quiet']);
  expect(stderr).toMatch(/^error: cannot write .*a-file.pets: .*not a directory.*\n$/);
  expect(code).toBe(3);
});

test('sizes that cannot go together are found before anything is downloaded', async () => {
  const { code, stderr } = await workshop.run(['--download', '--patch-size', '7'], {
    OXFORD_PETS_MIRROR: 'http://127.0.0.1:9',
  });
  expect(stderr).toBe('error: --patch-size 7 does not divide --image-size 128\n');
  expect(code).toBe(2);
  expect(existsSync(workshop.path('data'))).toBe(false);
});
