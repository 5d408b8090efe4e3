import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy does instead of passing a request on. */
export type Fault = { status: number; headers?: Record<string, string> } | 'hang-up-after';

/** Stands before a server and can keep things from it: faults for single requests, or being away altogether. */
export class FlakyProxy {
  readonly #target: string;
  #server: Server | undefined;
  #port = 0;
  /** How many requests came, faults included. */
  requests = 0;
  /** The bodies that came. */
  readonly bodies: string[] = [];
  /** Decides on the fault of the n-th request, from 1. */
  faultOf: (n: number) => Fault | undefined = () => undefined;

  constructor(target: string) {
    this.#target = target;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, after a stop on the same port again. */
  async start(): Promise<this> {
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        if (body.length > 0) this.bodies.push(body.toString());
        const fault = this.faultOf((this.requests += 1));
        if (fault && fault !== 'hang-up-after') {
          outgoing.writeHead(fault.status, fault.headers).end();
          return;
        }
        const onward = request(
          new URL(incoming.url ?? '', this.#target),
          { method: incoming.method, headers: incoming.headers },
          (answer) => {
            if (fault) {
              // The server has done it, and the answer is lost.
              answer.resume().on('end', () => outgoing.destroy());
              return;
            }
            outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(outgoing);
          },
        );
        onward.on('error', () => outgoing.destroy());
        onward.end(body);
      });
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port; // A TCP server has a port.
    return this;
  }

  /** Goes away: connections are cut, new ones refused. */
  async stop(): Promise<void> {
    const closed = this.#server && once(this.#server, 'close');
    this.#server?.close();
    this.#server?.closeAllConnections();
    await closed;
    this.#server = undefined;
  }
}
