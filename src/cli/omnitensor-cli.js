#!/usr/bin/env node
// Plain JavaScript, so that an older Node.js gets as far as being told what is wrong.
import '../require-node-26.js';

const { main } = await import('./main.ts');
await main(process.argv.slice(2));
