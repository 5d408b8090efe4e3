import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../../../shared/data/contributions.ndjson.gz', import.meta.url));

/** A file of thousands of real contributions beside the project; undefined where it is not there. */
export const SAMPLE_CONTRIBUTIONS = existsSync(path) ? path : undefined;
