import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { runModule, withFolder } from './run-script';
import { fileListener, portOf, withServer } from './server';

const BODY = randomBytes(300_000);
const SHA256 = createHash('sha256').update(BODY).digest('hex');

function fetchFile(url: string, file: string, sha256 = SHA256, env: NodeJS.ProcessEnv = {}) {
  const body = `
    const { fetchFile } = await load('lib/fetch-file.mjs');
    const [url, file, sha256] = ${JSON.stringify([url, file, sha256])};
    await fetchFile(url, file, { sha256, report, timeoutMs: 2_000, pauseMs: 10 });`;
  return runModule(body, { env });
}

test('a whole download appears under its name', () =>
  withFolder((folder) =>
    withServer(fileListener(BODY), async (url) => {
      expect(await fetchFile(`${url}/x`, join(folder, 'x'))).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(join(folder, 'x')).equals(BODY)).toBe(true);
      expect(readdirSync(folder)).toEqual(['x']);
    }),
  ));

test('a download that breaks off twice goes on where it was', () =>
  withFolder((folder) =>
    withServer(fileListener(BODY, [100_000, 50_000]), async (url, _server, requests) => {
      const { status, stdout } = await fetchFile(`${url}/x`, join(folder, 'x'));
      expect(status).toBe(0);
      expect(stdout).toContain('the download broke off');
      expect(readFileSync(join(folder, 'x')).equals(BODY)).toBe(true);
      expect(requests.map((request) => request.headers.range)).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
    }),
  ));

test('a later run resumes what an earlier one left', () =>
  withFolder((folder) =>
    withServer(fileListener(BODY), async (url, _server, requests) => {
      writeFileSync(join(folder, 'x.part'), BODY.subarray(0, 1234));
      expect((await fetchFile(`${url}/x`, join(folder, 'x'))).status).toBe(0);
      expect(requests.map((request) => request.headers.range)).toEqual(['bytes=1234-']);
      expect(readFileSync(join(folder, 'x')).equals(BODY)).toBe(true);
    }),
  ));

test('a complete .part file only has to be checked', () =>
  withFolder((folder) =>
    withServer(fileListener(BODY), async (url) => {
      writeFileSync(join(folder, 'x.part'), BODY);
      expect((await fetchFile(`${url}/x`, join(folder, 'x'))).status).toBe(0);
      expect(readdirSync(folder)).toEqual(['x']);
    }),
  ));

test('a server without ranges starts anew', () =>
  withFolder((folder) =>
    withServer(
      (_request, response) => response.writeHead(200, { 'content-length': BODY.length }).end(BODY),
      async (url) => {
        writeFileSync(join(folder, 'x.part'), 'something else');
        expect((await fetchFile(`${url}/x`, join(folder, 'x'))).status).toBe(0);
        expect(readFileSync(join(folder, 'x')).equals(BODY)).toBe(true);
      },
    ),
  ));

test('a wrong hash is one clear sentence with exit code 4, and the file is gone', () =>
  withFolder((folder) =>
    withServer(fileListener(BODY), async (url) => {
      const wrong = '0'.repeat(64);
      const { status, stderr } = await fetchFile(`${url}/x`, join(folder, 'x'), wrong);
      expect(status).toBe(4);
      expect(stderr).toBe(
        `libtorch-node: The download of ${url}/x is broken and was removed: expected SHA-256 ${wrong}, received ${SHA256}.\n` +
          '  → run the installation again; if it happens again, the server or a proxy alters the file.\n',
      );
      expect(readdirSync(folder)).toEqual([]);
    }),
  ));

test('a server that never finishes is given up, and what came is kept for the next run', () =>
  withFolder((folder) =>
    withServer(
      (request, response) => {
        const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
        response.writeHead(start > 0 ? 206 : 200, {
          'content-length': BODY.length - start,
          'content-range': `bytes ${start}-${BODY.length - 1}/${BODY.length}`,
        });
        response.write(start > 0 ? '' : BODY.subarray(0, 500), () => setTimeout(() => response.destroy(), 30));
      },
      async (url) => {
        const { status, stderr } = await fetchFile(`${url}/x`, join(folder, 'x'));
        expect(status).toBe(4);
        expect(stderr).toMatch(
          /^libtorch-node: The download of .* broke off \(.+\)\.\n {2}→ run the installation again/,
        );
        expect(readdirSync(folder)).toEqual(['x.part']);
        expect(readFileSync(join(folder, 'x.part')).equals(BODY.subarray(0, 500))).toBe(true);
      },
    ),
  ));

test('a refusal is not tried again', () =>
  withFolder((folder) =>
    withServer(
      (_request, response) => response.writeHead(404).end('no'),
      async (url, _server, requests) => {
        const { status, stderr } = await fetchFile(`${url}/x`, join(folder, 'x'));
        expect(status).toBe(4);
        expect(stderr).toContain(`${url}/x answered HTTP 404.`);
        expect(requests).toHaveLength(1);
        expect(readdirSync(folder)).toEqual([]);
      },
    ),
  ));

test('redirects are followed', () =>
  withFolder((folder) =>
    withServer(
      (request, response) =>
        request.url === '/x'
          ? response.writeHead(302, { location: '/y' }).end()
          : fileListener(BODY)(request, response),
      async (url) => {
        expect((await fetchFile(`${url}/x`, join(folder, 'x'))).status).toBe(0);
        expect(readFileSync(join(folder, 'x')).equals(BODY)).toBe(true);
      },
    ),
  ));

describe('proxies', () => {
  test('HTTP_PROXY gets the whole URL and the credentials, NO_PROXY goes past it', () =>
    withFolder((folder) =>
      withServer(fileListener(BODY), async (proxy, server, requests) => {
        const address = `http://user:pass%20word@127.0.0.1:${portOf(server)}`;
        const env = { HTTP_PROXY: address, NO_PROXY: 'other.invalid' };
        expect((await fetchFile('http://files.invalid/a/x', join(folder, 'x'), SHA256, env)).status).toBe(0);
        expect(requests[0]?.url).toBe('http://files.invalid/a/x');
        expect(requests[0]?.headers.host).toBe('files.invalid');
        const credentials = Buffer.from('user:pass word').toString('base64');
        expect(requests[0]?.headers['proxy-authorization']).toBe(`Basic ${credentials}`);

        const past = { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'other.invalid,127.0.0.1' };
        expect((await fetchFile(`${proxy}/y`, join(folder, 'y'), SHA256, past)).status).toBe(0);
        expect(requests[1]?.url).toBe('/y');
      }),
    ));

  test('HTTPS_PROXY tunnels', () =>
    withFolder(async (folder) => {
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
      execFileSync('openssl', [...request, ...subject], { stdio: 'ignore' });
      const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, fileListener(BODY));
      await new Promise<void>((listening) => tls.listen(0, '127.0.0.1', listening));
      try {
        await withServer(
          (_request, response) => response.writeHead(400).end(),
          async (proxy, server) => {
            const targets: string[] = [];
            server.on('connect', (connectRequest, socket) => {
              targets.push(connectRequest.url ?? '');
              const upstream = connect(portOf(tls), '127.0.0.1', () => {
                socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
                upstream.pipe(socket).pipe(upstream);
              });
              // The server leaves the sockets of a tunnel to us, half-open ones too.
              upstream.on('error', () => undefined).on('close', () => socket.destroy());
              socket.on('error', () => undefined).on('close', () => upstream.destroy());
            });
            const env = { HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: cert };
            const result = await fetchFile('https://localhost:4443/x', join(folder, 'x'), SHA256, env);
            expect(result).toMatchObject({ status: 0, stderr: '' });
            expect(targets).toEqual(['localhost:4443']);
            expect(readFileSync(join(folder, 'x')).equals(BODY)).toBe(true);
          },
        );
      } finally {
        tls.closeAllConnections();
        await new Promise((closed) => tls.close(closed));
      }
    }));

  test('a proxy that refuses is named', () =>
    withFolder((folder) =>
      withServer(
        (_request, response) => response.end(),
        async (proxy, server) => {
          server.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
          const env = { HTTPS_PROXY: proxy };
          const { status, stderr } = await fetchFile('https://files.invalid/x', join(folder, 'x'), SHA256, env);
          expect(status).toBe(4);
          expect(stderr).toContain(`the proxy ${new URL(proxy).host} refused the connection: HTTP 407`);
          expect(existsSync(join(folder, 'x'))).toBe(false);
        },
      ),
    ));
});
