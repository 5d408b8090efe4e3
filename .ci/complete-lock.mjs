// Makes package-lock.json whole for every platform. Run it after each `npm install`.
//
// npm leaves a platform build of an optional dependency out of the lock file when the registry it
// asked did not offer that build, and `npm ci` of npm 11 then refuses the file ("Missing: …").
// What is missing is added here with the platform that its name tells, so that it is fetched where
// it fits and skipped elsewhere. With --check nothing is written: exit 1 when something is missing.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = {
  win32: 'win32',
  darwin: 'darwin',
  linux: 'linux',
  freebsd: 'freebsd',
  android: 'android',
  openharmony: 'openharmony',
};
const CPU = {
  x64: 'x64',
  arm64: 'arm64',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  arm: 'arm',
};
const LIBC = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = [];

for (const [from, manifest] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(manifest.optionalDependencies ?? {})) {
    if (isLocked(from, name)) continue;
    if (!/^\d+\.\d+\.\d+[\w.+-]*$/.test(range))
      fail(`${from} wants ${name}@${range}: not an exact version, so it cannot be completed here.`);
    lock.packages[`node_modules/${name}`] = {
      version: range,
      ...platformOf(name),
      optional: true,
      ...(manifest.dev ? { dev: true } : {}),
    };
    added.push(`${name}@${range}`);
  }
}

if (added.length > 0 && process.argv.includes('--check')) {
  fail(
    `package-lock.json lacks ${added.length} platform packages:\n  ${added.join('\n  ')}\nRun: node .ci/complete-lock.mjs`,
  );
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? 'package-lock.json is whole.' : `Added ${added.length} platform packages.`);

/** Whether `name`, wanted by the package at `from`, is in the lock file at a place where Node would find it. */
function isLocked(from, name) {
  for (let place = from; ; place = place.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (lock.packages[`${place ? `${place}/` : ''}node_modules/${name}`]) return true;
    if (place === '') return false;
  }
}

/** `os`, `cpu` and `libc` as a package's name tells them: `@oxlint/binding-linux-x64-musl`. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.map((word) => OS[word]).find(Boolean);
  const cpu = words.map((word) => CPU[word]).find(Boolean);
  if (!os || !cpu) fail(`Cannot tell the platform of ${name} from its name.`);
  const libc = os === 'linux' ? words.map((word) => LIBC[word]).find(Boolean) : undefined;
  return { cpu: [cpu], os: [os], ...(libc ? { libc: [libc] } : {}) };
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
