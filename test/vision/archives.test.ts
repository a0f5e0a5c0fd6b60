import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { c as pack } from 'tar';
import { downloadFile, fetchPets, type FetchPetsProgress, OxfordIIITPet, writeSample } from '../../lib/vision';
import { proxyFor } from '../../lib/vision/http';

let folder: string;
let archives: string;
let md5: { images: string; annotations: string };

/** The mirror: how it answers is set by each test. */
let server: Server;
let mirror: string;
let answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
let requests: { url: string; range: string | undefined }[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'vision-archives-'));
  archives = path.join(folder, 'mirror');
  const set = path.join(folder, 'set');
  await writeSample(set, { trainval: 4, test: 2, size: 24, seed: 2 });
  // What lies in the official archives besides the data.
  writeFileSync(path.join(set, 'annotations', 'trimaps', '._Abyssinian_1.png'), 'AppleDouble');
  writeFileSync(path.join(set, 'images', 'Abyssinian_100.mat'), 'matlab');
  mkdirSync(path.join(set, 'annotations', 'xmls'));
  writeFileSync(path.join(set, 'annotations', 'xmls', 'Abyssinian_1.xml'), '<annotation/>');
  mkdirSync(archives);
  for (const name of ['images', 'annotations']) await pack({ gzip: true, cwd: set, file: archive(name) }, [name]);
  md5 = { images: md5Of(archive('images')), annotations: md5Of(archive('annotations')) };

  server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', range: request.headers.range });
    const file = path.join(archives, path.basename(request.url ?? ''));
    answer(request, response, existsSync(file) ? readFileSync(file) : Buffer.alloc(0));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pets`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  requests = [];
  answer = serve;
});

const fast = { retries: 2, retryDelay: 1 };

function archive(name: string): string {
  return path.join(archives, `${name}.tar.gz`);
}

function md5Of(file: string): string {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}

/** A good server: whole files and ranges. */
function serve(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  if (body.length === 0) {
    response.writeHead(404).end();
    return;
  }
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const start = range === null ? 0 : Number(range[1]);
  if (start >= body.length) {
    response.writeHead(416).end();
    return;
  }
  const headers = {
    'content-length': body.length - start,
    'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
  };
  response.writeHead(range === null ? 200 : 206, headers).end(body.subarray(start));
}

/** Promises the whole and breaks off in the middle. */
function breakOff(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const start = range === null ? 0 : Number(range[1]);
  const headers = {
    'content-length': body.length - start,
    'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
  };
  response.writeHead(range === null ? 200 : 206, headers);
  response.write(body.subarray(start, start + Math.ceil(body.length / 4)), () =>
    setTimeout(() => response.destroy(), 20),
  );
}

describe('fetchPets', () => {
  it('downloads, checks and unpacks what is needed, and nothing else', async () => {
    const directory = path.join(folder, 'good');
    const progress: FetchPetsProgress[] = [];
    await fetchPets(directory, { mirror, md5, onProgress: (event) => progress.push(event) });
    expect(readdirSync(directory).sort()).toEqual(['annotations', 'images']);
    expect(readdirSync(path.join(directory, 'images'))).not.toContain('Abyssinian_100.mat');
    expect(readdirSync(path.join(directory, 'annotations')).sort()).toEqual([
      'README',
      'list.txt',
      'test.txt',
      'trainval.txt',
      'trimaps',
    ]);
    expect(readdirSync(path.join(directory, 'annotations', 'trimaps')).some((name) => name.startsWith('.'))).toBe(
      false,
    );
    expect(new OxfordIIITPet(directory, { targetTypes: 'segmentation' }).length).toBe(4);
    const size = readFileSync(archive('images')).length;
    expect(progress).toContainEqual({ phase: 'download', archive: 'images.tar.gz', received: size, total: size });
    expect(progress.at(-1)).toEqual({ phase: 'unpack', archive: 'annotations.tar.gz' });
  });

  it('does nothing where the set is there, and fetches only what is missing', async () => {
    const directory = path.join(folder, 'good');
    await fetchPets(directory, { mirror, md5 });
    expect(requests).toEqual([]);
    rmSync(path.join(directory, 'annotations'), { recursive: true });
    await fetchPets(directory, { mirror, md5 });
    expect(requests.map(({ url }) => url)).toEqual(['/pets/annotations.tar.gz']);
  });

  it('takes the mirror from the environment', async () => {
    process.env['OXFORD_PETS_MIRROR'] = `${mirror}/elsewhere/`;
    try {
      await fetchPets(path.join(folder, 'env'), { md5 });
    } finally {
      delete process.env['OXFORD_PETS_MIRROR'];
    }
    expect(requests[0]?.url).toBe('/pets/elsewhere/images.tar.gz');
  });

  it('refuses archives other than the official ones, unless told to take them', async () => {
    const directory = path.join(folder, 'other');
    await expect(fetchPets(directory, { mirror })).rejects.toThrow(
      /has the MD5 [0-9a-f]{32}, expected 5c4f3ee8e5d25df40f4fd59a7f44e54c/,
    );
    expect(readdirSync(directory)).toEqual([]);
    await fetchPets(directory, { mirror, md5: 'skip' });
    expect(readdirSync(directory).sort()).toEqual(['annotations', 'images']);
  });

  it('takes the MD5s from the environment', async () => {
    const directory = path.join(folder, 'env-md5');
    const withVariable = async (value: string): Promise<void> => {
      process.env['OXFORD_PETS_MD5'] = value;
      try {
        await fetchPets(directory, { mirror });
      } finally {
        delete process.env['OXFORD_PETS_MD5'];
      }
    };
    await expect(withVariable('no')).rejects.toThrow(/OXFORD_PETS_MD5 is "no": expected skip, or the MD5s/);
    await expect(withVariable(`${md5.annotations},${md5.images}`)).rejects.toThrow(/has the MD5/);
    await withVariable(`${md5.images},${md5.annotations}`);
    rmSync(path.join(directory, 'images'), { recursive: true });
    await withVariable('skip');
    expect(readdirSync(directory).sort()).toEqual(['annotations', 'images']);
  });

  it('refuses an archive that is none, and leaves nothing', async () => {
    const directory = path.join(folder, 'damaged');
    for (const damage of [(b: Buffer) => randomBytes(b.length), (b: Buffer) => b.subarray(0, b.length / 2)]) {
      answer = (request, response, body) => serve(request, response, damage(body));
      const attempt = fetchPets(directory, { mirror, md5: 'skip' });
      await expect(attempt).rejects.toThrow(/cannot unpack .*images\.tar\.gz: .*; it is removed again/);
      await expect(attempt).rejects.toMatchObject({ code: 'TORCH_DATA' });
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('refuses an archive of something else', async () => {
    const directory = path.join(folder, 'wrong');
    answer = (request, response) => serve(request, response, readFileSync(archive('annotations')));
    await expect(fetchPets(directory, { mirror, md5: 'skip' })).rejects.toThrow(
      /images\.tar\.gz holds no folder images/,
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  it('clears what a killed process left, and goes on', async () => {
    const directory = path.join(folder, 'killed');
    mkdirSync(path.join(directory, '.unpacking-images', 'images'), { recursive: true });
    writeFileSync(path.join(directory, '.unpacking-images', 'images', 'half.jpg'), 'half');
    await fetchPets(directory, { mirror, md5 });
    expect(readdirSync(directory).sort()).toEqual(['annotations', 'images']);
    expect(existsSync(path.join(directory, 'images', 'half.jpg'))).toBe(false);
  });

  it('names a mirror that is no address', async () => {
    await expect(fetchPets(path.join(folder, 'none'), { mirror: 'not an address' })).rejects.toThrow(
      /the mirror "not an address" is not an address/,
    );
  });

  it('says so where the disk is full, and leaves nothing half-written', async () => {
    const download = path.join(folder, 'full-download');
    expect(await fetchLimited(2, download)).toMatch(
      /^TORCH_DATA: no space left on the disk for .*images\.tar\.gz; what was downloaded is removed again$/,
    );
    expect(readdirSync(download)).toEqual([]);

    // A file that packs well: its archive fits, its content does not.
    const set = path.join(folder, 'big');
    mkdirSync(path.join(set, 'images'), { recursive: true });
    writeFileSync(path.join(set, 'images', 'big.jpg'), Buffer.alloc(1_000_000));
    await pack({ gzip: true, cwd: set, file: path.join(folder, 'big.tar.gz') }, ['images']);
    answer = (request, response) => serve(request, response, readFileSync(path.join(folder, 'big.tar.gz')));
    const unpack = path.join(folder, 'full-unpack');
    expect(await fetchLimited(64, unpack)).toMatch(
      /^TORCH_DATA: no space left on the disk to unpack .*; what was unpacked is removed again, the archive is kept$/,
    );
    expect(readdirSync(unpack)).toEqual(['images.tar.gz']);
  });
});

/** Fetches where no file may grow beyond some KiB: the system then refuses a write as it does on a full disk. */
async function fetchLimited(kibibytes: number, directory: string): Promise<string> {
  const register = path.join(__dirname, '..', 'support', 'register.cjs');
  const program = [process.execPath, '-r', register, path.join(__dirname, 'fetch-unchecked.ts'), mirror, directory];
  const child = spawn('bash', ['-c', `ulimit -f ${kibibytes}; exec "$@"`, 'bash', ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve) => child.once('close', resolve));
  return output.trimEnd();
}

describe('downloadFile', () => {
  const target = (name: string): string => path.join(folder, 'downloads', name);

  it('takes a broken connection up where it broke', async () => {
    const file = target('resumed');
    let broken = 0;
    answer = (request, response, body) => (broken++ < 2 ? breakOff : serve)(request, response, body);
    await downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, ...fast });
    expect(md5Of(file)).toBe(md5.images);
    expect(requests.length).toBe(3);
    expect(requests[0]?.range).toBeUndefined();
    expect(requests[2]?.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(existsSync(`${file}.part`)).toBe(false);
  });

  it('gives up with a sentence, keeps the part, and a later call goes on from there', async () => {
    const file = target('given-up');
    answer = breakOff;
    const attempt = downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, retries: 1, retryDelay: 1 });
    await expect(attempt).rejects.toThrow(
      /the download of http.*images\.tar\.gz broke: .*are kept in .*given-up\.part, and the same command goes on/,
    );
    await expect(attempt).rejects.toMatchObject({ code: 'TORCH_DATA' });
    expect(existsSync(file)).toBe(false);
    answer = serve;
    requests = [];
    await downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, ...fast });
    expect(requests.map(({ range }) => range)).toEqual([expect.stringMatching(/^bytes=[1-9]/)]);
    expect(md5Of(file)).toBe(md5.images);
  });

  it('starts over where the part belongs to another file', async () => {
    const file = target('stale');
    for (const length of [100, readFileSync(archive('images')).length, 10_000_000]) {
      rmSync(file, { force: true });
      writeFileSync(`${file}.part`, randomBytes(length));
      await downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, ...fast });
      expect(md5Of(file)).toBe(md5.images);
    }
  });

  it('starts over where the server knows no ranges', async () => {
    const file = target('no-ranges');
    writeFileSync(`${file}.part`, readFileSync(archive('images')).subarray(0, 500));
    answer = (_, response, body) => response.writeHead(200).end(body);
    await downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, ...fast });
    expect(md5Of(file)).toBe(md5.images);
  });

  it('keeps a file that is there and right, and replaces one that is wrong', async () => {
    const file = target('there');
    writeFileSync(file, readFileSync(archive('images')));
    await downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, ...fast });
    expect(requests).toEqual([]);
    writeFileSync(file, 'wrong');
    await downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, ...fast });
    expect(md5Of(file)).toBe(md5.images);
  });

  it('removes a file with a wrong MD5', async () => {
    const file = target('wrong');
    answer = (request, response) => serve(request, response, Buffer.from('another file'));
    await expect(downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, ...fast })).rejects.toThrow(
      /has the MD5 .* it is removed again/,
    );
    expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
  });

  it('follows redirects, but not for ever', async () => {
    const file = target('redirected');
    answer = (request, response, body) => {
      if (request.url?.startsWith('/pets/')) response.writeHead(302, { location: '/moved/images.tar.gz' }).end();
      else serve(request, response, body);
    };
    await downloadFile(`${mirror}/images.tar.gz`, file, { md5: md5.images, ...fast });
    expect(md5Of(file)).toBe(md5.images);
    answer = (request, response) => response.writeHead(302, { location: request.url }).end();
    await expect(downloadFile(`${mirror}/images.tar.gz`, target('circle'), { md5: null, ...fast })).rejects.toThrow(
      /more than 5 redirects/,
    );
  });

  it('does not repeat what the server refuses, but repeats what it fails at', async () => {
    const refused = downloadFile(`${mirror}/nothing.tar.gz`, target('refused'), { md5: null, ...fast });
    await expect(refused).rejects.toThrow(/cannot download .*nothing\.tar\.gz: the server answered 404 Not Found/);
    expect(requests.length).toBe(1);
    answer = (_, response) => response.writeHead(503).end();
    await expect(downloadFile(`${mirror}/images.tar.gz`, target('failing'), { md5: null, ...fast })).rejects.toThrow(
      /the server answered 503/,
    );
    expect(requests.length).toBe(4);
  });

  it('gives up on a server that falls silent', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('some');
    };
    const attempt = downloadFile(`${mirror}/images.tar.gz`, target('silent'), {
      md5: null,
      retries: 0,
      idleTimeout: 100,
    });
    await expect(attempt).rejects.toThrow(/broke: no data for/);
  });

  it('goes through a proxy', async () => {
    process.env['http_proxy'] = mirror;
    try {
      await downloadFile('http://pets.invalid/images.tar.gz', target('proxied'), { md5: md5.images, ...fast });
    } finally {
      delete process.env['http_proxy'];
    }
    expect(requests.map(({ url }) => url)).toEqual(['http://pets.invalid/images.tar.gz']);
  });
});

describe('proxyFor', () => {
  const url = new URL('https://thor.robots.ox.ac.uk/datasets/');

  it.each([
    [{}, undefined],
    [{ https_proxy: 'http://proxy:3128' }, 'http://proxy:3128/'],
    [{ HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    [{ http_proxy: 'http://proxy:3128' }, undefined],
    [{ all_proxy: 'http://proxy:3128' }, 'http://proxy:3128/'],
    [{ https_proxy: 'http://proxy:3128', no_proxy: 'localhost, .ox.ac.uk' }, undefined],
    [{ https_proxy: 'http://proxy:3128', NO_PROXY: '*' }, undefined],
    [{ https_proxy: 'http://proxy:3128', no_proxy: 'x.ac.uk' }, 'http://proxy:3128/'],
  ])('%j', (env, expected) => {
    expect(proxyFor(url, env)?.href).toBe(expected);
  });
});
