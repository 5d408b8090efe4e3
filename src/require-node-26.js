// Loaded before anything else, and plain JavaScript, so that an older Node.js can still say what is wrong.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

if (Number(process.versions.node.split('.')[0]) < 26) {
  console.error(
    `This needs Node.js 26 and runs on ${process.versions.node}. Run \`npm ci\` first: it installs Node.js 26 beside the project, and the npm scripts and \`npx omnitensor-cli\` use it.`,
  );
  process.exit(1);
}

// What was compiled is kept beside the packages, where it can be: the next start takes about half the time.
module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
