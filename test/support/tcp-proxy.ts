import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A cable between a client and a server that can be pulled: cut, refused, or with nothing coming through any more. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #state: 'open' | 'refusing' | 'stalled' = 'open';
  #piecesLeft = Number.POSITIVE_INFINITY;
  #onStalled: () => void = () => {};

  private constructor(server: Server, port: number, target: { host: string; port: number }) {
    this.#server = server;
    this.port = port;
    this.#target = target;
  }

  /** Listens before a server on a free port of 127.0.0.1. */
  static async start(target: { host: string; port: number }): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A TCP server's address is an object; only a pipe's is a string.
    const proxy = new TcpProxy(server, (server.address() as AddressInfo).port, target);
    server.on('connection', (socket) => proxy.#join(socket));
    return proxy;
  }

  /** Cuts every connection, and takes no new one. */
  refuse(): void {
    this.#state = 'refusing';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets nothing through in either direction, on new connections neither; nobody is told. */
  stall(): void {
    this.#state = 'stalled';
    for (const socket of this.#sockets) socket.pause();
  }

  /** Lets so many more pieces of what clients send through, and then stalls. Resolves when it has. */
  async stallAfter(pieces: number): Promise<void> {
    this.#piecesLeft = pieces;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onStalled = resolve;
    await promise;
  }

  /** Lets everything through again, and what was held up as well. */
  open(): void {
    this.#state = 'open';
    this.#piecesLeft = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    if (this.#state === 'refusing') {
      client.destroy();
      return;
    }
    const server = connect(this.#target);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        to.write(chunk);
        if (from !== client || this.#state !== 'open' || (this.#piecesLeft -= 1) > 0) return;
        this.stall();
        this.#onStalled();
      });
      // The other end sees what this one did.
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#state === 'stalled') from.pause();
    }
  }
}
