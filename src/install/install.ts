import { join } from 'node:path';
import type { RealPm2 } from '../pm2/installed.ts';
import { vanishing } from '../host/processes/vanishing.ts';
import { COMPILED_FILE } from '../policy/places.ts';
import { unmakeablePm2Homes, type Unmakeable } from '../policy/unmakeable.ts';
import { VERSION } from '../policy/version.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { UserError } from '../terminal/user-error.ts';
import { compileCode } from './code.ts';
import { linkCommand } from './command.ts';
import { Ledger, statOrNone, type FileChange } from './ledger.ts';
import { installRelease, readRelease, removeOldReleases, switchTo, type PackageSource } from './library.ts';
import { trustedNode } from './node.ts';
import { CACHE_DIRECTORY, NODE_LINK, RECORD, STATE_DIRECTORY } from './places.ts';
import { hasOwnPm2, lackOf } from './lacking-pm2.ts';
import { realPm2OfHost } from './pm2.ts';
import { pairs, prepare } from './prepared.ts';
import { wayToRepair } from './packages.ts';
import { compilePolicy, installConfig, type Compiled, type DraftResult } from './policy.ts';
import { applyLayers, choiceOf, chooseLayers, type LayerWish } from './layers/layers.ts';
import { readInstall, recordText, type Install } from './record.ts';
import { renewStrangers } from '../sudoers/renew-strangers.ts';
import { STRANGERS_FILE } from '../sudoers/strangers.ts';
import { linkShare } from './share.ts';
import { requireRootOwned } from './root-only.ts';
import { removeLeftOvers } from './left-overs.ts';
import { switchingProblem, trySwitching } from './switching.ts';
import { learnWayToRoot, recordWayToRoot } from './way-to-root.ts';

export interface InstallRequest {
  source: PackageSource;
  path: string | undefined;
  /** Called only without a config. */
  draft: DraftResult;
  /** Layers that it does not name stay as chosen before. */
  layers: LayerWish;
  dry: boolean;
}

export interface Installation {
  install: Install;
  changes: FileChange[];
  /** What failed; each a text for people. */
  problems: string[];
  /** What may fail later. */
  warnings: string[];
  /** Missing PM2_HOMEs that their users cannot create. */
  unmakeable: Unmakeable[];
}

/**
 * Installs or repairs pm2-guard (docs/contract.md section 5). Idempotent; never replaces files of others.
 *
 * @throws UserError when not root, without a trusted node, or when others can write to a directory
 */
export async function install({ source, path, draft, layers, dry }: InstallRequest): Promise<Installation> {
  if (process.geteuid?.() !== 0)
    throw new UserError('install must run as root: it writes to /usr/local, /etc and /var', rootCommandLine('install'));
  await learnWayToRoot(); // for the commands that are printed and recorded
  const pm2 = await realPm2OfHost(path);
  requireRootOwned(pm2);
  const before = readInstall();
  const choice = chooseLayers(layers, choiceOf(before?.layers));
  const ledger = new Ledger(dry);
  const { path: node, warning } = trustedNode();
  const found = pm2.type === 'found' ? { pm2: pm2.file, pm2Version: pm2.version } : { pm2: null, pm2Version: null };
  const repair = wayToRepair(source, before?.repair ?? null);

  const release = readRelease(source);
  removeLeftOvers(ledger);
  installRelease(ledger, release);
  // Must be readable by every user; a checkout may be below /root.
  const switching = trySwitching(node, join(dry ? source.bundles : release.directory, 'as-user.cjs'));
  const wayToRoot = before?.wayToRoot ?? 'sudo';
  const record: Install = { version: VERSION, ...found, node, switching, wayToRoot, repair, layers: choice };
  ledger.link(NODE_LINK, node);
  ledger.directory(STATE_DIRECTORY, 0o755);
  await installConfig(ledger, draft);
  const compiled = dry ? null : await compilePolicyInto(ledger);
  await attemptFaster(ledger, release.directory, () => compileCode(ledger, release.directory, node));
  await attemptFaster(ledger, CACHE_DIRECTORY, async () => {
    ledger.directory(CACHE_DIRECTORY, 0o755);
    const policy = compiled?.type === 'policy' ? compiled.policy : null;
    await prepare(ledger, pairs(record, policy), join(release.directory, 'prepare.cjs'));
  });
  switchTo(ledger, release);
  ledger.file(RECORD, recordText(record), 0o644);
  linkShare(ledger, release);
  removeOldReleases(ledger, release);
  // Last, because they lead to everything above.
  linkCommand(ledger);
  applyLayers(ledger, choice);
  if (!dry) await attempt(ledger, RECORD, recordWayToRoot); // the layer of sudo decides
  const owners = compiled?.type === 'policy' ? compiled.policy.daemons.map(({ user }) => user) : [];
  await attempt(ledger, STRANGERS_FILE, () => renewStrangers(owners));
  const unable = switchingProblem(switching);
  const daemons = compiled?.type === 'policy' ? compiled.policy.daemons : [];
  const pinned = daemons.length > 0 && daemons.every(hasOwnPm2);
  const problems = [
    ...problemsOf(pm2, pinned),
    ...(unable === null ? [] : [unable]),
    ...policyProblems(compiled),
    ...refusals(ledger),
  ];
  const warnings = [...(warning === null ? [] : [warning]), ...warningsOf(pm2, pinned)];
  const unmakeable = compiled?.type === 'policy' ? unmakeablePm2Homes(compiled.policy.daemons) : [];
  return { install: record, changes: ledger.changes, problems, warnings, unmakeable };
}

async function compilePolicyInto(ledger: Ledger): Promise<Compiled> {
  const inode = statOrNone(COMPILED_FILE)?.ino;
  const compiled = await compilePolicy();
  const now = statOrNone(COMPILED_FILE)?.ino;
  if (now !== undefined)
    ledger.note(COMPILED_FILE, inode === undefined ? 'created' : inode === now ? 'unchanged' : 'updated');
  return compiled;
}

async function attempt(ledger: Ledger, place: string, step: () => Promise<void>): Promise<void> {
  const why = await failureOf(step);
  if (why !== null) ledger.note(place, 'refused', `failed: ${why}`);
}

/** For what only makes calls faster: without it they work as well. */
async function attemptFaster(ledger: Ledger, place: string, step: () => Promise<void>): Promise<void> {
  const why = await failureOf(step);
  if (why !== null) ledger.note(place, 'kept', `calls are slower without it: ${why}`);
}

async function failureOf(step: () => Promise<void>): Promise<string | null> {
  try {
    await step();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const NONE = 'there is no pm2 on this machine yet';

/** @param pinned the config names a pm2 for each daemon */
function problemsOf(pm2: RealPm2, pinned: boolean): string[] {
  if (pm2.type !== 'found') return pinned ? [] : [lackOf(pm2, NONE)];
  return pm2.known
    ? []
    : [`pm2 ${pm2.version} is newer than this pm2-guard knows: its command line is read as that of PM2 ${pm2.major}`];
}

function warningsOf(pm2: RealPm2, pinned: boolean): string[] {
  if (pm2.type !== 'found')
    return pinned ? [`the config pins the pm2 of each daemon, and root has none of its own: ${lackOf(pm2, NONE)}`] : [];
  const gone = vanishing(pm2.file);
  if (gone === null) return [];
  return [
    `${pm2.file}, the real pm2, ${gone.why}; then calls end with 127 until pm2-guard install has found another\n` +
      '  run:  npm install -g --prefix /usr/local pm2 && pm2-guard install   (a pm2 that stays)',
  ];
}

function policyProblems(compiled: Compiled | null): string[] {
  switch (compiled?.type) {
    case undefined:
      return [];
    case 'policy':
      return compiled.warnings;
    case 'unusable':
      return [
        `${compiled.error}\n  until that is right, the guard has no policy (on_error: open runs pm2 unguarded, ` +
          'closed runs nothing); run:  pm2-guard check',
      ];
  }
}

function refusals(ledger: Ledger): string[] {
  return ledger.changes
    .filter(({ outcome }) => outcome === 'refused')
    .map(({ path, note }) => `${path}: ${note ?? 'could not be written'}`);
}
