import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

/** Whatever could hold a key or a token, wherever it is logged. */
const SECRETS = ['authorization', '*.authorization', 'req.headers.authorization', 'token', '*.token', 'err.config'];

/** Structured logs on standard output: a JSON object a line, or for people where that is a terminal. */
export function createLogger(level: string): Logger {
  const options = { level, redact: { paths: SECRETS, censor: '(kept secret)' }, base: null };
  if (!process.stdout.isTTY) return pino(options);
  return pino(options, pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname', sync: true }));
}
