import { describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { ADMIN_KEY, useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const server = useHttpServer(useDatabase());
const cli = (...args: string[]) => runCli(args, { env: { OMNITENSOR_URL: server.url, OMNITENSOR_API_KEY: ADMIN_KEY } });

describe('jobs', () => {
  it('CL-90 lists what failed, retries one or all, and says what it does not know', async () => {
    expect(await cli('jobs')).toMatchObject({ code: 0, stdout: 'No job has failed.\n' });
    expect(await cli('jobs', 'list', '--json')).toMatchObject({ code: 0, stdout: '{\n  "jobs": []\n}\n' });
    expect(await cli('jobs', 'retry', '--all')).toMatchObject({ code: 0, stdout: '0 jobs are done again.\n' });
    expect(await cli('jobs', 'retry', 'repeat:clean-up:1')).toMatchObject({ code: 1 });
    expect(await cli('jobs', 'retry')).toMatchObject({ code: 2 });
    expect(await cli('jobs', 'retry', 'x', '--all')).toMatchObject({ code: 2 });
  });
});
