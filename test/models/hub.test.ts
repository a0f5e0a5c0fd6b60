import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hubFile, SegFormer } from '../../lib/models';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

const sizes = { hiddenSizes: [8], depths: [1], numAttentionHeads: [2], srRatios: [2], patchSizes: [3], strides: [4] };
const small = { ...sizes, mlpRatios: [2], decoderHiddenSize: 8 };
const [repository, commit, later] = ['nvidia/segformer-b0-tiny', 'a'.repeat(40), 'b'.repeat(40)];

/** A hub of one repository, whose large files lie on another host, as the real one's do. */
let [server, storage]: Server[] = [];
let files: Map<string, Buffer>;
let head: string;
let requests: { method: string; url: string; authorization: string | undefined }[];
let spoil: (request: IncomingMessage, response: ServerResponse) => boolean;
let folder: string;
let cacheDir: string;
let count = 0;
const environment = { ...process.env };

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'hub-'));
  server = createServer(answer);
  storage = createServer(answerStorage);
  for (const one of [server, storage]) await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  for (const one of [server, storage]) {
    one?.closeAllConnections();
    await new Promise((resolve) => one?.close(resolve));
  }
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  settle();
  requests = [];
  spoil = () => false;
  head = commit;
  cacheDir = path.join(folder, `cache-${++count}`);
  process.env['HF_ENDPOINT'] = addressOf(server);
  process.env['HF_HOME'] = path.join(folder, `home-${count}`);
  for (const name of ['HF_TOKEN', 'HF_HUB_CACHE', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'])
    Reflect.deleteProperty(process.env, name);
  const place = path.join(folder, `model-${count}`);
  new SegFormer(small).savePretrained(place);
  files = new Map(readdirSync(place).map((name) => [name, readFileSync(path.join(place, name))]));
});

afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
});

function addressOf(which: Server | undefined): string {
  return `http://127.0.0.1:${(which?.address() as AddressInfo).port}`;
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const gitSha1 = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '', headers } = request;
  requests.push({ method, url, authorization: headers.authorization });
  if (spoil(request, response)) return;
  const [, owner = '', name = '', , revision = '', file = ''] = url.split('/');
  const fail = (code: string): unknown => response.writeHead(404, { 'x-error-code': code }).end();
  if (`${owner}/${name}` !== repository) return void fail('RepoNotFound');
  if (!['main', commit, later].includes(revision)) return void fail('RevisionNotFound');
  const content = files.get(file);
  if (content === undefined) return void fail('EntryNotFound');
  const common = { 'x-repo-commit': head };
  if (file.endsWith('.json')) {
    response.writeHead(200, { ...common, etag: `"${gitSha1(content)}"`, 'content-length': content.length });
    response.end(method === 'HEAD' ? undefined : content);
    return;
  }
  const location = `${addressOf(storage).replace('127.0.0.1', 'localhost')}/${file}`;
  response
    .writeHead(302, { ...common, location, etag: '"of-the-redirect"', 'x-linked-etag': `"${sha256(content)}"` })
    .end();
}

function answerStorage(request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '', headers } = request;
  requests.push({ method, url, authorization: headers.authorization });
  if (spoil(request, response)) return;
  const content = files.get(url.slice(1)) ?? Buffer.alloc(0);
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start, ...(start > 0 ? range : {}) });
  response.end(content.subarray(start));
}

const got = (): string[] => requests.filter(({ method }) => method === 'GET').map(({ url }) => path.basename(url));

describe('a file of the hub', () => {
  it('is fetched into the cache as huggingface_hub keeps it, and once', async () => {
    const progress: [string, number, number | null][] = [];
    const place = (await hubFile(repository, 'model.safetensors', {
      cacheDir,
      onProgress: (...event) => progress.push(event),
    })) as string;
    const content = files.get('model.safetensors') as Buffer;
    expect(readFileSync(place)).toEqual(content);
    const home = path.join(cacheDir, 'models--nvidia--segformer-b0-tiny');
    expect(place).toBe(path.join(home, 'snapshots', commit, 'model.safetensors'));
    expect(lstatSync(place).isSymbolicLink()).toBe(true);
    expect(realpathSync(place)).toBe(realpathSync(path.join(home, 'blobs', sha256(content))));
    expect(readFileSync(path.join(home, 'refs', 'main'), 'utf8')).toBe(commit);
    expect(readdirSync(path.join(home, 'blobs'))).toEqual([sha256(content)]);
    expect(progress.at(-1)).toEqual(['model.safetensors', content.length, content.length]);
    requests = [];
    expect(await hubFile(repository, 'model.safetensors', { cacheDir })).toBe(place);
    expect(requests.map(({ method }) => method)).toEqual(['HEAD']);
    requests = [];
    expect(await hubFile(repository, 'model.safetensors', { cacheDir, revision: commit })).toBe(place);
    expect(requests).toEqual([]);
  });

  it('is null where the repository has none of the name', async () => {
    expect(await hubFile(repository, 'pytorch_model.bin', { cacheDir })).toBeNull();
  });

  it('is fetched again, and only where it has changed, once the branch has moved on', async () => {
    await hubFile(repository, 'config.json', { cacheDir });
    const before = (await hubFile(repository, 'model.safetensors', { cacheDir })) as string;
    head = later;
    files.set('config.json', Buffer.from('{"model_type": "other"}'));
    requests = [];
    const config = (await hubFile(repository, 'config.json', { cacheDir })) as string;
    const weights = (await hubFile(repository, 'model.safetensors', { cacheDir })) as string;
    expect(readFileSync(config, 'utf8')).toContain('other');
    expect(got()).toEqual(['config.json']);
    expect(weights).toContain(later);
    expect(realpathSync(weights)).toBe(realpathSync(before));
  });

  it('comes from the cache without a network, and where none is to be asked', async () => {
    const place = await hubFile(repository, 'config.json', { cacheDir });
    requests = [];
    expect(await hubFile(repository, 'config.json', { cacheDir, localFilesOnly: true })).toBe(place);
    process.env['HF_HUB_OFFLINE'] = '1';
    expect(await hubFile(repository, 'config.json', { cacheDir })).toBe(place);
    expect(await hubFile(repository, 'preprocessor_config.json', { cacheDir })).toBeNull();
    await expect(hubFile('nvidia/other', 'config.json', { cacheDir })).rejects.toThrow(
      /nvidia\/other \(main\) is not in the cache .*, and no server is to be asked/,
    );
    expect(requests).toEqual([]);
    process.env['HF_HUB_OFFLINE'] = '0';
    process.env['HF_ENDPOINT'] = 'http://127.0.0.1:9';
    expect(await hubFile(repository, 'config.json', { cacheDir })).toBe(place);
    await expect(hubFile(repository, 'model.safetensors', { cacheDir })).rejects.toThrow(
      /cannot ask 127\.0\.0\.1:9 for model\.safetensors of nvidia\/segformer-b0-tiny: .*; the cache .* does not have it/,
    );
  });

  it('goes on where a broken connection stopped', async () => {
    const content = files.get('model.safetensors') as Buffer;
    let broken = 0;
    spoil = (request, response) => {
      if (request.method !== 'GET' || request.url !== '/model.safetensors' || broken++ > 0) return false;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100), () => setTimeout(() => response.destroy(), 20));
      return true;
    };
    const place = (await hubFile(repository, 'model.safetensors', { cacheDir })) as string;
    expect(readFileSync(place)).toEqual(content);
    expect(broken).toBe(2);
  });

  it.each(['config.json', 'model.safetensors'])(
    'is refused where its content is not what its hash says: %s',
    async (file) => {
      const content = files.get(file) as Buffer;
      spoil = (request, response) => {
        if (request.method !== 'GET' || (file === 'model.safetensors' && request.url !== '/model.safetensors'))
          return false;
        response.writeHead(200).end(Buffer.from(content).fill(7, 10, 20));
        return true;
      };
      await expect(hubFile(repository, file, { cacheDir })).rejects.toThrow(
        /arrived with the hash \w+, expected \w+: the download is broken/,
      );
      expect(readdirSync(path.join(cacheDir, 'models--nvidia--segformer-b0-tiny', 'blobs'))).toEqual([]);
      spoil = () => false;
      expect(readFileSync((await hubFile(repository, file, { cacheDir })) as string)).toEqual(content);
    },
  );

  it('sends the token to the hub and to no other host', async () => {
    process.env['HF_TOKEN'] = 'hf_secret';
    await hubFile(repository, 'model.safetensors', { cacheDir });
    expect(requests.map(({ url, authorization }) => [url.split('/').length > 2, authorization])).toEqual([
      [true, 'Bearer hf_secret'],
      [true, 'Bearer hf_secret'],
      [false, undefined],
    ]);
    requests = [];
    await hubFile(repository, 'config.json', { cacheDir, token: 'hf_given' });
    expect(requests[0]?.authorization).toBe('Bearer hf_given');
  });

  it('is kept in $HF_HUB_CACHE, or in the folder hub of $HF_HOME', async () => {
    expect(await hubFile(repository, 'config.json')).toContain(path.join(folder, `home-${count}`, 'hub', 'models--'));
    process.env['HF_HUB_CACHE'] = path.join(folder, `hub-cache-${count}`);
    expect(await hubFile(repository, 'config.json')).toContain(path.join(folder, `hub-cache-${count}`, 'models--'));
  });

  it('comes with a sentence where something is wrong', async () => {
    const file = (name: string, revision = 'main'): Promise<string | null> =>
      hubFile(name, 'config.json', { cacheDir, revision });
    await expect(file('nvidia/none')).rejects.toThrow(
      /shows no repository nvidia\/none: it does not exist, or it is not public and needs HF_TOKEN/,
    );
    await expect(file(repository, 'v2')).rejects.toThrow('nvidia/segformer-b0-tiny has no branch, tag or commit v2');
    await expect(file('../nvidia')).rejects.toThrow(
      "expected a repository such as nvidia/mit-b0, received '../nvidia'",
    );
    await expect(file(repository, '../x')).rejects.toThrow('expected a branch, a tag or a commit for `revision`');
    await expect(hubFile(repository, '../config.json')).rejects.toThrow('expected the name of a file');
    spoil = (_, response) => Boolean(response.writeHead(200, { etag: '"x"' }).end());
    await expect(file(repository)).rejects.toThrow("is not answered as by Hugging Face's hub");
    spoil = (_, response) => Boolean(response.writeHead(503).end());
    await expect(file(repository)).rejects.toThrow(/the server answered 503; the cache .* does not have it/);
    spoil = (_, response) => Boolean(response.writeHead(418).end());
    await expect(file(repository)).rejects.toThrow(/cannot fetch .*: the server answered 418/);
    process.env['HF_ENDPOINT'] = 'nowhere';
    await expect(file(repository)).rejects.toThrow(
      'HF_ENDPOINT is "nowhere": expected an address such as https://huggingface.co',
    );
  });
});

describeWithOracle('a model of the hub', (oracle) => {
  it('is loaded by its name, and Python finds it in the same cache', async () => {
    const model = await SegFormer.fromPretrained(repository, { cacheDir });
    expect(got().sort()).toEqual(['config.json', 'model.safetensors', 'model.safetensors']);
    const { state } = await oracle().run(
      `
      import segformer, transformers
      model = transformers.SegformerForSemanticSegmentation.from_pretrained(repository, cache_dir=cache, local_files_only=True)
      state = segformer.state(model)
      `,
      { inputs: { repository, cache: cacheDir }, outputs: { state: 'tensorDict' } },
    );
    for (const [key, tensor] of model.stateDict()) expectSameBits(tensor, state[key] as never, key);
  });

  it('is loaded from many files', async () => {
    const weights = files.get('model.safetensors') as Buffer;
    files.delete('model.safetensors');
    files.set('part.safetensors', weights);
    const keys = [...(await SegFormer.fromPretrained(path.join(folder, `model-${count}`))).stateDict().keys()];
    const index = { weight_map: Object.fromEntries(keys.map((key) => [key, 'part.safetensors'])) };
    files.set('model.safetensors.index.json', Buffer.from(JSON.stringify(index)));
    const model = await SegFormer.fromPretrained(repository, { cacheDir });
    expect(model.args.hiddenSizes).toEqual([8]);
  });

  it('says that the cache lacks the weights where no server is to be asked', async () => {
    await hubFile(repository, 'config.json', { cacheDir });
    await expect(SegFormer.fromPretrained(repository, { cacheDir, localFilesOnly: true })).rejects.toThrow(
      'nvidia/segformer-b0-tiny in the cache has no weights: expected one of model.safetensors',
    );
  });

  it('names the repository where its configuration is not one', async () => {
    files.set('config.json', Buffer.from('{"model_type": "vit"}'));
    await expect(SegFormer.fromPretrained(repository, { cacheDir })).rejects.toThrow(
      'config.json of nvidia/segformer-b0-tiny describes a model of the type "vit", expected "segformer"',
    );
  });
});
