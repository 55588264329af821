import { asPm2Home } from '../runtime/brands.ts';
import { lstatSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { foreignPartOf } from '../pm2/package-trust.ts';
import { findUntrusted } from '../trust/trust.ts';
import { answerAsDaemon } from '../prepared/daemon.ts';
import { PREPARED_FORMAT, isValid, fileState, writePrepared, type Prepared } from '../prepared/form.ts';
import { PREPARED_DIRECTORY, preparedFile } from '../prepared/place.ts';
import { StartUp } from '../prepared/start-up.ts';

/**
 * `node prepare.cjs PACKAGE`, run as root by install and by root's calls. It starts that package's pm2 once, as `pm2
 * jlist` would, in a temporary PM2_HOME with a fake daemon, and stores what node and V8 computed.
 */
const [, , given = ''] = process.argv;

/** PM2 ends by itself after it has printed its list. */
const PATIENCE_MS = 5000;
/** The kernel's file clock has steps (CONFIG_HZ), so a write in the same step would leave no trace. */
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
  // If this never ends, it is not tried again before a file changes.
  writeNone(file, manifests, 'it was begun, and did not end');
  killLater();
  const directory = asPm2Home(mkdtempSync(join(PREPARED_DIRECTORY, '.home-')));
  const startUp = new StartUp(pm2Package);
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
    keep(file, () => startUp.result(), manifests);
    process.exitCode = 0;
  });
  setTimeout(() => process.exit(), PATIENCE_MS).unref();
  process.env['PM2_HOME'] = directory;
  writeFileSync(join(directory, 'touch'), ''); // otherwise PM2 prints its banner first
  answerAsDaemon(directory, () => {
    startUp.begin(directory);
  });
}

/** Writes the file, or the reason why nothing can be stored. */
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

/** In another thread, because a loop in a loaded module would block timers of this one. */
function killLater(): void {
  new Worker(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${2 * PATIENCE_MS})`, { eval: true }).unref();
}

/** Nothing was written since shortly before it was read. */
function isSettled({ states }: Prepared): boolean {
  return states.every((time, at) => at % 4 !== 3 || time < started - CLOCK_STEP_MS);
}

main();
