import type { FastifyInstance } from 'fastify';

/**
 * Answers 304 where one of several tags in `If-None-Match`, or `*`, names what the reader has (RFC 9110, 13.1.2). Goes
 * after the hook that writes the `ETag`, which knows a single tag alone.
 */
export function acceptTagLists(server: FastifyInstance): void {
  server.addHook('onSend', async ({ method, headers }, reply, payload) => {
    const wanted = headers['if-none-match'];
    const tag = reply.getHeader('etag');
    const isRead = method === 'GET' || method === 'HEAD';
    if (wanted === undefined || typeof tag !== 'string' || !isRead || reply.statusCode !== 200) return payload;
    if (wanted.trim() !== '*' && !tagsIn(wanted).includes(tag)) return payload;
    reply.code(304);
    return '';
  });
}

/** Compared weakly: whether a tag is marked `W/` does not matter. */
function tagsIn(list: string): string[] {
  return [...list.matchAll(/"[^"]*"/g)].map(([tag]) => tag);
}
