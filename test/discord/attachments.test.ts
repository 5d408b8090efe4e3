import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { REST } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fetchFiles, fileHosts, uploadName } from '../../src/discord/attachments.ts';

/** A server of files by path: a body, or where it redirects to. */
async function serve(files: Record<string, Uint8Array | { redirect: string }>): Promise<string> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (!file) response.writeHead(404).end('gone');
    else if ('redirect' in file) response.writeHead(302, { location: file.redirect }).end();
    else response.end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  // A TCP server's address is an object; only a pipe's is a string.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const file = (url: string, fields = {}) => ({ id: '1', name: 'a.txt', size: 1, contentType: null, url, ...fields });

describe('files that were handed in', () => {
  it('PR-28 are fetched from Discord’s own places alone, and from the server that stands for it', () => {
    expect([...fileHosts(new REST())]).toEqual(['https://cdn.discordapp.com', 'https://media.discordapp.net']);
    expect(fileHosts(new REST({ api: 'http://127.0.0.1:3001/api' }))).toContain('http://127.0.0.1:3001');
  });

  it('PR-28 are left out where they are elsewhere, gone, redirected or too large, whatever size was told', async () => {
    const megabytes = (count: number) => new Uint8Array(count * 1024 * 1024);
    const elsewhere = await serve({ '/secret': megabytes(1) });
    const own = await serve({
      '/fits': megabytes(3),
      '/large': megabytes(9),
      '/second': megabytes(5),
      '/third': megabytes(1),
      '/away': { redirect: `${elsewhere}/secret` },
    });
    const hosts = new Set([own]);
    const fetchNames = async (...files: ReturnType<typeof file>[]) =>
      (await fetchFiles(files, hosts)).map(({ name, data }) => [name, Buffer.from(data as Uint8Array).length]);
    expect(await fetchNames(file(`${elsewhere}/secret`), file('file:///etc/passwd'), file('nonsense'))).toEqual([]);
    expect(await fetchNames(file(`${own}/gone`), file(`${own}/away`), file(`${own}/large`))).toEqual([]);
    expect(await fetchNames(file(`${own}/fits`, { size: 9 * 1024 * 1024 }))).toEqual([]);
    // Together they are at most 8 MB.
    expect(await fetchNames(file(`${own}/fits`), file(`${own}/second`), file(`${own}/third`))).toEqual([
      ['proof-1.txt', 3 * 1024 * 1024],
      ['proof-2.txt', 5 * 1024 * 1024],
    ]);
  });

  it('PR-28 get names in which nothing of the outside is but the ending', () => {
    expect(uploadName(0, { name: '../..//x @everyone.PNG' })).toBe('proof-1.png');
    expect(uploadName(2, { name: 'no ending' })).toBe('proof-3.bin');
    expect(uploadName(1, { name: 'x.tar.<b>' })).toBe('proof-2.bin');
  });
});
