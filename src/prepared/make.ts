import { lstatSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { foreignPartOf } from '../pm2/package-trust.ts';
import { findUntrusted } from '../trust/trust.ts';
import { answerAsDaemon } from './daemon.ts';
import { PREPARED_FORMAT, isValid, fileState, writePrepared, type Prepared } from './form.ts';
import { PREPARED_DIRECTORY, preparedFile } from './place.ts';
import { StartUp } from './start-up.ts';

/**
 * `node prepare.cjs PACKAGE`, run as root by install and by root's calls: starts the pm2 of that package once, as `pm2
 * jlist` would, in a PM2_HOME of its own and with a daemon that is played, and keeps what node and V8 found out
 * meanwhile.
 */
const [, , given = ''] = process.argv;

/** PM2 ends by itself as soon as it has printed its list. */
const PATIENCE_MS = 5000;
/**
 * The kernel's clock for files goes in steps (CONFIG_HZ): what was written within the last one may yet change unseen.
 */
const CLOCK_STEP_MS = 20;

const started = Date.now();
let whole = false;

function main(): void {
  const pm2Package = realpathSync.native(given);
  const file = preparedFile(pm2Package, process.execPath);
  const manifests = [join(pm2Package, 'package.json'), join(pm2Package, 'lib/binaries/CLI.js')];
  for (const path of [process.execPath, ...manifests]) {
    const fault = findUntrusted(path, 'file');
    if (fault !== null) throw new Error(`${fault.path} ${fault.why}`);
  }
  whole = foreignPartOf(pm2Package) === null;
  // Should this not come to an end, it is not tried again before a file changes.
  writeNone(file, manifests, 'it was begun, and did not end');
  killLater();
  const home = mkdtempSync(join(PREPARED_DIRECTORY, '.home-'));
  const startUp = new StartUp(pm2Package);
  process.once('exit', () => {
    rmSync(home, { recursive: true, force: true });
    keep(file, () => startUp.result(), manifests);
    process.exitCode = 0;
  });
  setTimeout(() => process.exit(), PATIENCE_MS).unref();
  process.env['PM2_HOME'] = home;
  writeFileSync(join(home, 'touch'), ''); // else PM2 prints its banner first
  answerAsDaemon(home, () => {
    startUp.begin(home);
  });
}

/** Writes the file; where there is nothing to keep, why. */
function keep(file: string, result: () => ReturnType<StartUp['result']>, manifests: string[]): void {
  try {
    const { kept, ...found } = result();
    const prepared: Prepared = { ...common(), none: null, ...found };
    if (isSettled(prepared) && isValid(prepared)) writePrepared(file, prepared, kept);
    else rmSync(file); // it is tried again
  } catch (error) {
    writeNone(file, manifests, (error as Error).message);
  }
}

function common(): Pick<Prepared, 'format' | 'version' | 'node' | 'whole'> {
  const node = { path: process.execPath, state: fileState(lstatSync(process.execPath)) };
  return { format: PREPARED_FORMAT, version: process.version, node, whole };
}

function writeNone(file: string, manifests: string[], why: string): void {
  const states = manifests.flatMap((path) => [...fileState(lstatSync(path))]);
  const nothing = { lookups: [], found: [], modules: [], frames: null };
  const none: Prepared = { ...common(), none: why, paths: manifests, states, ...nothing };
  writePrepared(file, none, { bytes: Buffer.alloc(0), text: '' });
}

/** From another thread: a loop in what is loaded would let no timer of this one come. */
function killLater(): void {
  new Worker(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${2 * PATIENCE_MS})`, { eval: true }).unref();
}

/** Nothing was written since shortly before it was read. */
function isSettled({ states }: Prepared): boolean {
  return states.every((time, at) => at % 4 !== 3 || time < started - CLOCK_STEP_MS);
}

main();
