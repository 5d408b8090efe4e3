import { PostgresConnection, PostgresQueueBackend, type BackendFactory, type PostgresConnectionOptions } from 'bullmq';

/** What broke is said by the query at hand, or by the queue. Said once more to nobody, it would end the process. */
const ignore = () => {};

/** A connection of BullMQ's that listens to its clients from their first moment to their last. */
class SteadyConnection extends PostgresConnection {
  readonly #steady = new WeakSet();

  constructor(options: PostgresConnectionOptions) {
    super(options);
    this.pool.on('connect', (client) => client.on('error', ignore));
  }

  override async getListenClient() {
    const client = await super.getListenClient();
    // Closing takes all listeners away and then takes leave; until it has, the server can still end the connection.
    if (!this.#steady.has(client)) {
      this.#steady.add(client);
      const removeAll = client.removeAllListeners.bind(client);
      client.removeAllListeners = (...events) => removeAll(...events).on('error', ignore);
    }
    return client;
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
