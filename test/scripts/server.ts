import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const portOf = (server: { address(): AddressInfo | string | null }) => (server.address() as AddressInfo).port;

/** Runs `work` while a server on the loopback interface listens. */
export async function withServer<T>(
  listener: RequestListener,
  work: (url: string, server: Server, requests: IncomingMessage[]) => Promise<T>,
): Promise<T> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    return await work(`http://127.0.0.1:${portOf(server)}`, server, requests);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

/** Serves `body`, with ranges; `breakAfter` cuts the connection after that many bytes of each answer, once per entry. */
export function fileListener(body: Buffer, breakAfter: number[] = []): RequestListener {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= body.length) {
      response.writeHead(416).end();
      return;
    }
    const rest = body.subarray(start);
    response.writeHead(request.headers.range ? 206 : 200, {
      'content-length': rest.length,
      ...(request.headers.range ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
    });
    const cut = breakAfter.shift();
    if (cut === undefined) response.end(rest);
    else response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 50));
  };
}
