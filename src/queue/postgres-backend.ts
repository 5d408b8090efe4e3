import { PostgresConnection, PostgresQueueBackend, type BackendFactory, type PostgresConnectionOptions } from 'bullmq';
import pg from 'pg';

/** What broke is said by the query at hand, or by the queue. Said once more to nobody, it would end the process. */
const ignore = () => {};

/**
 * A connection to the server that somebody listens to from its first moment to its last. BullMQ begins to a moment after
 * the connection stands, and takes all listeners away before it takes leave; the server can end it in between.
 */
class SteadyClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', ignore);
  }

  override removeAllListeners(event?: string | symbol): this {
    super.removeAllListeners(event);
    return event === undefined || event === 'error' ? this.on('error', ignore) : this;
  }
}

/** What BullMQ connects with, made of {@link SteadyClient}s. */
class SteadyConnection extends PostgresConnection {
  constructor(options: PostgresConnectionOptions) {
    super(options);
    this.pool.on('connect', (client) => client.on('error', ignore));
    // From this it makes the connection on which it waits for jobs; there is no option for it.
    Reflect.set(this, 'pgModule', { Client: SteadyClient });
  }
}

/** BullMQ's PostgreSQL backend on a {@link SteadyConnection}, put together as `createPostgresBackend` does it. */
export const createSteadyBackend: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = (
  name,
  options,
  { withBlockingConnection = false } = {},
) =>
  new PostgresQueueBackend(
    new SteadyConnection(options.connection),
    name,
    options,
    true,
    withBlockingConnection ? name : undefined,
  );
