/**
 * A GET that follows redirects and honours the proxy variables, which Node 20's own `fetch` does not; and a HEAD.
 */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds without a byte after which the connection counts as broken. */
  readonly idleTimeout?: number;
}

type Method = 'GET' | 'HEAD';

const kMaximumRedirects = 5;

/**
 * Opens a URL and hands out the response, whatever its status, as a stream. Through `https_proxy` or `http_proxy`,
 * unless `no_proxy` names the host.
 */
export async function get(url: string, options: GetOptions = {}): Promise<IncomingMessage> {
  return follow('GET', url, options, () => true);
}

/**
 * Asks for the headers of a URL alone. A redirect to another host is not followed, but handed out: what that host tells
 * of the file is not what the first one does.
 */
export async function head(url: string, options: GetOptions = {}): Promise<IncomingMessage> {
  const { host } = new URL(url);
  const response = await follow('HEAD', url, options, (target) => target.host === host);
  response.resume();
  return response;
}

async function follow(
  method: Method,
  url: string,
  options: GetOptions,
  mayFollow: (target: URL) => boolean,
): Promise<IncomingMessage> {
  let current = new URL(url);
  let { headers = {} } = options;
  for (let redirects = 0; ; redirects++) {
    const response = await request(method, current, { ...options, headers });
    const { location } = response.headers;
    if (response.statusCode === undefined || response.statusCode < 300 || response.statusCode >= 400 || !location) {
      return response;
    }
    const target = new URL(location, current);
    if (!mayFollow(target)) return response;
    response.resume();
    if (redirects === kMaximumRedirects) throw new Error(`more than ${kMaximumRedirects} redirects`);
    // What proves to one host who is asking is no other host's business.
    if (target.origin !== current.origin) headers = without(headers, 'authorization');
    current = target;
  }
}

function without(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key.toLowerCase() !== name));
}

/** The proxy for a URL from the environment, or null. Lower-case names win, as in curl. */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv = process.env): URL | null {
  const read = (name: string): string => env[name] ?? env[name.toUpperCase()] ?? '';
  const exempt = read('no_proxy')
    .split(',')
    .map((host) => host.trim().replace(/^\*?\./, ''))
    .filter(Boolean);
  const host = url.hostname;
  if (exempt.some((name) => name === '*' || host === name || host.endsWith(`.${name}`))) return null;
  const proxy = read(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy') || read('all_proxy');
  return proxy === '' ? null : new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

async function request(
  method: Method,
  url: URL,
  { headers, idleTimeout = 30_000 }: GetOptions,
): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`${url.protocol} addresses are not supported`);
  const proxy = proxyFor(url);
  const tunnel = proxy !== null && url.protocol === 'https:' ? await openTunnel(proxy, url, idleTimeout) : null;
  return new Promise((resolve, reject) => {
    const common = { method, headers, timeout: idleTimeout };
    let sent: http.ClientRequest;
    if (tunnel !== null) {
      const createConnection = (): Duplex => tls.connect({ socket: tunnel, servername: url.hostname });
      sent = https.request(url, { ...common, createConnection });
    } else if (proxy !== null) {
      const viaProxy = { ...headers, host: url.host, ...proxyCredentials(proxy) };
      sent = http.request({
        ...common,
        host: proxy.hostname,
        port: proxy.port || 80,
        path: url.href,
        headers: viaProxy,
      });
    } else {
      sent = (url.protocol === 'https:' ? https : http).request(url, common);
    }
    let received: IncomingMessage | null = null;
    // Destroying the request would tell the reader of the response only "aborted".
    sent.on('timeout', () =>
      (received ?? sent).destroy(new Error(`no data for ${Math.ceil(idleTimeout / 1000)} seconds`)),
    );
    sent.once('response', (response) => resolve((received = response)));
    sent.once('error', reject);
    sent.end();
  });
}

function openTunnel(proxy: URL, url: URL, timeout: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const target = `${url.hostname}:${url.port || 443}`;
    const headers = { host: target, ...proxyCredentials(proxy) };
    const connect = http.request({
      host: proxy.hostname,
      port: proxy.port || 80,
      method: 'CONNECT',
      path: target,
      headers,
      timeout,
    });
    connect.once('connect', (response, socket) => {
      if (response.statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answered ${response.statusCode}`));
    });
    connect.on('timeout', () => connect.destroy(new Error(`the proxy ${proxy.host} does not answer`)));
    connect.once('error', reject);
    connect.end();
  });
}

function proxyCredentials(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const plain = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(plain).toString('base64')}` };
}
