/** Which requests a fault hits: part of `POST /channels/123/messages` (no `/api/v10`), or an expression over it. */
export type PathPattern = string | RegExp;

/** What a request meets instead of its answer. */
export type RequestFault =
  { kind: 'rate-limit'; retryAfterS: number } | { kind: 'failure'; status: number; body: Record<string, unknown> };

/** A request that is kept waiting: before it is looked at, or once it is done and before the answer goes out. */
export type Hold = {
  /** Resolves when it has come. */
  readonly arrived: Promise<void>;
  release(): void;
};

type GatewayHand = { drop(resumable: boolean): void; refuseToken(): void };

/** Failures on demand. Each `…Next` hits one request, and stays until it has; the same pattern twice hits two. */
export class Faults {
  readonly #pending: { pattern: PathPattern; fault: RequestFault }[] = [];
  readonly #holds: { pattern: PathPattern; moment: 'before' | 'after'; arrive: () => void; released: Promise<void> }[] =
    [];
  readonly #gateway: GatewayHand;
  #tokenRejected = false;
  #duplicates = 0;

  constructor(gateway: GatewayHand) {
    this.#gateway = gateway;
  }

  /** Answers the next matching request with 429 and `retry_after` in seconds, as one route's limit (not the global one). */
  rateLimitNext(pattern: PathPattern, retryAfterS: number): void {
    this.#pending.push({ pattern, fault: { kind: 'rate-limit', retryAfterS } });
  }

  /** Answers the next matching request with a status and a body of Discord's shape; nothing is done. */
  failNext(pattern: PathPattern, status: number, body?: { code: number; message: string }): void {
    const fallback = { code: 0, message: `${status}: failed on demand` };
    this.#pending.push({ pattern, fault: { kind: 'failure', status, body: body ?? fallback } });
  }

  /** Keeps the next matching request waiting, before anything is done or after. One that is refused or fails is not kept after it. */
  holdNext(pattern: PathPattern, moment: 'before' | 'after'): Hold {
    const arrived = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#holds.push({ pattern, moment, arrive: arrived.resolve, released: released.promise });
    return { arrived: arrived.promise, release: released.resolve };
  }

  /** Breaks every gateway connection. Resumable: what happens meanwhile is replayed; otherwise the sessions are gone. */
  dropGateway({ resumable }: { resumable: boolean }): void {
    this.#gateway.drop(resumable);
  }

  /** Delivers the next interaction twice, with the same id and token, as Discord sometimes does. */
  duplicateNextInteraction(): void {
    this.#duplicates += 1;
  }

  /** From now on the bot's token is refused: 401, gateway close code 4004. Connections end. */
  rejectToken(): void {
    this.#tokenRejected = true;
    this.#gateway.refuseToken();
  }

  /** Whether the token is refused. */
  get tokenRejected(): boolean {
    return this.#tokenRejected;
  }

  /** Takes the fault that a request meets, if any. */
  takeFor(method: string, path: string): RequestFault | undefined {
    const at = this.#pending.findIndex(({ pattern }) => hits(pattern, method, path));
    return at === -1 ? undefined : this.#pending.splice(at, 1)[0]?.fault;
  }

  /** Keeps a request waiting as long as it is told to. */
  async hold(moment: 'before' | 'after', method: string, path: string): Promise<void> {
    const at = this.#holds.findIndex((hold) => hold.moment === moment && hits(hold.pattern, method, path));
    const [hold] = at === -1 ? [] : this.#holds.splice(at, 1);
    hold?.arrive();
    await hold?.released;
  }

  /** How often to deliver the interaction at hand. */
  takeDeliveries(): number {
    if (this.#duplicates === 0) return 1;
    this.#duplicates -= 1;
    return 2;
  }
}

function hits(pattern: PathPattern, method: string, path: string): boolean {
  const request = `${method} ${path}`;
  return typeof pattern === 'string' ? request.includes(pattern) : pattern.test(request);
}
