/**
 * HTTP GET through the proxies that the environment names. Node 20's `fetch` knows no proxies, and curl is missing on
 * slim images; a CONNECT tunnel is a few lines of node:http.
 */
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';

const MAX_REDIRECTS = 5;

/**
 * The proxy for a URL, or undefined: HTTPS_PROXY and HTTP_PROXY in either case, except for what NO_PROXY lists.
 * @param {URL} url
 * @param {NodeJS.ProcessEnv} env
 */
export function proxyFor(url, env) {
  /** @param {string} name */
  const read = (name) => env[name.toLowerCase()] || env[name.toUpperCase()] || '';
  const host = url.hostname.toLowerCase();
  for (const rule of read('no_proxy').toLowerCase().split(',')) {
    const [name = '', port] = rule
      .trim()
      .replace(/^\*?\./, '')
      .split(':');
    if (name === '*') return undefined;
    if (name !== '' && (port === undefined || port === url.port) && (host === name || host.endsWith(`.${name}`))) {
      return undefined;
    }
  }
  const proxy = read(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy');
  return proxy === '' ? undefined : new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

/**
 * @param {URL} proxy
 * @returns {Record<string, string>}
 */
function proxyAuthorization(proxy) {
  if (proxy.username === '') return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

/** @param {URL} proxy */
const requestTo = (proxy) => (proxy.protocol === 'https:' ? https.request : http.request);

/**
 * A TLS connection to `url` inside a tunnel through the proxy.
 * @param {URL} url
 * @param {URL} proxy
 * @param {number} timeoutMs
 * @returns {Promise<tls.TLSSocket>}
 */
function openTunnel(url, proxy, timeoutMs) {
  const target = `${url.hostname}:${url.port || 443}`;
  return new Promise((resolve, reject) => {
    const request = requestTo(proxy)({
      host: proxy.hostname,
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyAuthorization(proxy) },
      agent: false,
      timeout: timeoutMs,
    });
    request.on('timeout', () => request.destroy(new Error(`the proxy ${proxy.host} did not answer in time`)));
    request.on('error', reject);
    request.on('response', (response) => {
      response.destroy();
      reject(new Error(`the proxy ${proxy.host} refused the connection: HTTP ${response.statusCode}`));
    });
    request.on('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`the proxy ${proxy.host} refused the connection: HTTP ${response.statusCode}`));
        return;
      }
      const secure = tls.connect({ socket, servername: url.hostname }, () => resolve(secure));
      secure.on('error', reject);
    });
    request.end();
  });
}

/**
 * @param {URL} url
 * @param {Record<string, string>} headers
 * @param {number} timeoutMs
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<http.IncomingMessage>}
 */
async function getOnce(url, headers, timeoutMs, env) {
  const proxy = proxyFor(url, env);
  /** @type {http.ClientRequest} */
  let request;
  if (proxy !== undefined && url.protocol === 'http:') {
    const own = { host: url.host, ...proxyAuthorization(proxy) };
    const options = { host: proxy.hostname, port: proxy.port || 80, path: url.href, agent: false, timeout: timeoutMs };
    request = requestTo(proxy)({ ...options, headers: { ...headers, ...own } });
  } else if (proxy !== undefined) {
    const socket = await openTunnel(url, proxy, timeoutMs);
    // No `agent: false` here: any agent would make a connection of its own.
    request = https.request(url, { headers, timeout: timeoutMs, createConnection: () => socket });
  } else {
    const send = url.protocol === 'https:' ? https.request : http.request;
    request = send(url, { headers, timeout: timeoutMs, agent: false });
  }
  return new Promise((resolve, reject) => {
    request.on('timeout', () => request.destroy(new Error(`${url.host} sent nothing for ${timeoutMs / 1000} s`)));
    request.on('error', reject);
    request.on('response', resolve);
    request.end();
  });
}

/**
 * GET, with redirects followed.
 * @param {string} address
 * @param {{ headers?: Record<string, string>, timeoutMs?: number, env?: NodeJS.ProcessEnv }} [options] `timeoutMs` is
 *   the longest silence.
 * @returns {Promise<http.IncomingMessage>} The response, its body unread.
 */
export async function httpGet(address, { headers = {}, timeoutMs = 30_000, env = process.env } = {}) {
  let url = new URL(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await getOnce(url, headers, timeoutMs, env);
    const { statusCode = 0 } = response;
    const { location } = response.headers;
    if (statusCode < 300 || statusCode >= 400 || location === undefined) return response;
    response.destroy();
    const next = new URL(location, url);
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw new Error(`${url.host} redirects from https to ${next.protocol}`);
    }
    url = next;
  }
  throw new Error(`${address} redirects more than ${MAX_REDIRECTS} times`);
}
