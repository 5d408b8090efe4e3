import type { FastifyInstance } from 'fastify';
import { Gauge, Histogram, type Registry } from 'prom-client';

/** Counts and times every request by route, method and status. */
export function measureRequests(server: FastifyInstance, metrics: Registry): void {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long requests took, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [metrics],
  });
  server.addHook('onResponse', async (request, reply) => {
    // By the route's pattern, never by the address: what callers make up must not make up time series.
    const route = request.routeOptions.url ?? 'unknown';
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
  });
}

/** Shows how many grants could not be delivered and wait for an admin; no figure while the database is away. */
export function showFailedGrants(metrics: Registry, count: () => Promise<number>): void {
  showFigure(metrics, {
    name: 'grants_failed',
    help: 'Grants that could not be delivered and rest until an admin has them tried again.',
    read: count,
  });
}

/** Shows how far the process's clock is ahead of the database's; no figure while the database is away. */
export function showClockLead(metrics: Registry, readMs: () => Promise<number>): void {
  showFigure(metrics, {
    name: 'clock_ahead_seconds',
    help: "How far the clock of this process, by which windows close, is ahead of the database's; below 0: behind.",
    read: async () => (await readMs()) / 1_000,
  });
}

/** A figure that is read when somebody asks for it. */
function showFigure(
  metrics: Registry,
  { name, help, read }: { name: string; help: string; read: () => Promise<number> },
): void {
  metrics.registerMetric(
    new Gauge({
      name,
      help,
      registers: [],
      async collect() {
        try {
          this.set(await read());
        } catch {
          this.reset();
        }
      },
    }),
  );
}
