import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll } from 'vitest';
import { CommunityDirectory } from '../../src/communities/directory.ts';
import { Intake } from '../../src/contributions/intake.ts';
import { DomainError } from '../../src/errors.ts';
import { Access } from '../../src/http/access.ts';
import { createHttpServer, type HttpOptions } from '../../src/http/server.ts';
import type { OperatedQueue, Server } from '../../src/http/services.ts';
import { LayoutCache } from '../../src/ranking/layout-cache.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { assumeAnyRole } from '../../src/rewards/role-giver.ts';
import { NOW } from './communities.ts';
import type { TestDatabase } from './database.ts';

export const ADMIN_KEY = 'the-key-of-the-installation';

export type TestServer = {
  /** Where it listens. */
  readonly url: string;
  /** The clock that it goes by. */
  now: Date;
  /** Sends a request with ADMIN_KEY unless told otherwise, and reads the answer. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
};

// oxlint-disable-next-line typescript/no-explicit-any -- tests read answers of every shape, and hold them in their expectations.
export type Answer = { status: number; headers: Headers; text: string; json: any };

/** Runs the real HTTP API on a real port for a test file. */
export function useHttpServer(database: TestDatabase, options: Partial<HttpOptions> = {}): TestServer {
  let server: Server | undefined;
  let url = '';
  const test: TestServer = {
    get url() {
      return url;
    },
    now: NOW,
    async call(method, path, body, headers = { authorization: `Bearer ${ADMIN_KEY}` }) {
      const response = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson && text ? JSON.parse(text) : undefined,
      };
    },
  };

  beforeAll(async () => {
    const { db } = database;
    const ranking = { db, directory: new CommunityDirectory(db), layouts: new LayoutCache() };
    server = await createHttpServer(
      {
        ...ranking,
        intake: new Intake(ranking),
        access: new Access(db, ranking.directory, ADMIN_KEY),
        clock: () => test.now,
        nudge: () => {},
        checkRole: acceptAnyRole,
        readGuildRoles: assumeAnyRole,
        queue: noQueue,
      },
      {
        readsPerMinute: 1_000_000,
        writesPerMinute: 1_000_000,
        metrics: new Registry(),
        logger: pino({ level: 'silent' }),
        ...options,
      },
    );
    url = await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(async () => server?.close());
  return test;
}

/** A queue in which nothing has failed. */
const noQueue: OperatedQueue = {
  listFailed: () => Promise.resolve([]),
  retry: (id) => Promise.reject(new DomainError('unknown-job', `No failed job has the id "${id}".`)),
};
