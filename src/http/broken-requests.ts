import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf, PROBLEM_JSON } from './problems.ts';

/**
 * Answers what is no HTTP request that Node can read, with a problem as everywhere else. It is not logged: the bytes
 * that came with it may hold a key.
 */
export function answerBrokenRequest({ code }: { code: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = explain(code);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${PROBLEM_JSON}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

function explain(code: string) {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return problemOf('headers-too-large', 'Address and headers are larger than 16 KiB together. Shorten them.');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return problemOf(
      'request-timeout',
      'The request did not arrive whole in time. Send it again, or in smaller parts.',
    );
  }
  return problemOf('broken-request', 'This is not HTTP as it must be. Use a client that writes it.');
}
