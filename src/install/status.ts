import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rpcSocket } from '../pm2/home.ts';
import { findRealPm2 } from '../pm2/installed.ts';
import { askDaemon } from '../pm2/rpc.ts';
import { readCompiled } from '../policy/compiled.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { isFresh, loadPolicy } from '../policy/load.ts';
import { standardConfig, policyReader } from '../policy/places.ts';
import type { Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { VERSION } from '../policy/version.ts';
import type { Uid } from '../runtime/brands.ts';
import { ownerOf } from '../runtime/peek.ts';
import { rootCommandLine, wayToInstall } from '../terminal/root-command.ts';
import { sealInWords, sealStates, type SealState } from '../seal/seals.ts';
import { stateInWords, sudoersState, type SudoersState } from '../sudoers/file.ts';
import { wantedDropIn } from '../sudoers/wanted.ts';
import { hasOwnPm2, lackOf } from './lacking-pm2.ts';
import { choiceOf } from './layers/layers.ts';
import { layerStatus, type LayerStatus } from './layers/status.ts';
import { LIBRARY, NODE_LINK, SHIMS } from './places.ts';
import { compareVersions, newerPackage, packagesOnHost, type Package } from './packages.ts';
import { proposalsFor, type Proposal } from './proposals.ts';
import { preparedStates, type PreparedState } from './prepared.ts';
import { readInstall, type Install } from './record.ts';
import { switchingProblem, trySwitching, type Switching } from './switching.ts';
import { probeWays, type PathProbe } from './ways.ts';

export interface DaemonStatus {
  name: string;
  user: string;
  home: string;
  /**
   * `foreign`: the path leads to another user's socket; `down`: no listener; `denied`: the caller may not connect;
   * `silent`: no answer in PM2's protocol.
   */
  socket: 'live' | 'foreign' | 'down' | 'denied' | 'silent';
}

export interface Status {
  version: string;
  /** Null: not installed. */
  installed: string | null;
  packages: Package[];
  pm2: { path: string; version: string } | null;
  node: string | null;
  /** How root becomes another user: tried now by root, else the recorded answer. Null: not installed or unknown. */
  switching: Switching | null;
  config: { state: 'valid' | 'last good' | 'unusable'; file: string | null; message: string | null };
  compiled: { fresh: boolean; made: string } | null;
  daemons: DaemonStatus[];
  ways: PathProbe[];
  layers: LayerStatus[];
  proposals: Proposal[];
  seals: SealState[];
  prepared: PreparedState[];
  /** Null: the config is unusable. */
  sudoers: SudoersState | null;
  problems: string[];
}

const PATIENCE = { timeoutMs: 1000 };

export type InstallHealth = Pick<Status, 'version' | 'installed' | 'pm2' | 'node' | 'config' | 'ways' | 'sudoers'>;

/** Changes nothing and asks no daemon. */
export async function installHealth(): Promise<InstallHealth> {
  const ways = probeWays(); // start early: shells are slow
  const { installed, node, real } = recorded();
  const { config } = policyStatus();
  return {
    version: VERSION,
    installed,
    pm2: real.type === 'found' ? { path: real.file, version: real.version } : null,
    node,
    config,
    sudoers: operatorsRights(),
    ways: await ways,
  };
}

/** Changes nothing and never runs pm2. Any user may call it; root sees most. */
export async function status(): Promise<Status> {
  const { record, installed, node, real } = recorded();
  const switching = switchingOf(record);
  const unable = switching === null ? null : switchingProblem(switching);
  const { config, policy } = policyStatus();
  const [daemons, ways] = await Promise.all([daemonStates(policy), probeWays()]);
  const layers = installed === null ? [] : layerStatus(choiceOf(record?.layers));
  const compiled = readCompiled();
  const file = standardConfig();
  const packages = packagesOnHost();
  const newer = newerPackage(__dirname);
  const sudoers = operatorsRights();
  const seals = sealStates(process.env['PATH']);
  const declared = policy?.daemons ?? [];
  const pinned = declared.length > 0 && declared.every(hasOwnPm2);
  const problems = [
    ...(installed === null ? [`pm2-guard is not installed on this host; run:  ${wayToInstall(__dirname)}`] : []),
    ...(installed !== null && installed !== VERSION
      ? [
          compareVersions(installed, VERSION) > 0
            ? `installed is ${installed}, this is the older ${VERSION}`
            : `installed is ${installed}, this is ${VERSION}; run:  ${wayToInstall(__dirname)}`,
        ]
      : []),
    ...(newer === null
      ? []
      : [`${newer.directory} is ${newer.version}, installed is ${VERSION}; run:  ${rootCommandLine('install')}`]),
    ...(installed !== null && node === null
      ? [`${NODE_LINK} leads nowhere, so root's calls may find no node; run:  ${rootCommandLine('install')}`]
      : []),
    ...(unable === null ? [] : [unable]),
    ...(real.type === 'found' || pinned ? [] : [lackOf(real, 'there is no pm2 on this host')]),
    ...(config.message === null ? [] : [config.message]),
    ...ways
      .filter(({ ours }) => ours)
      .flatMap(({ way, finds }) =>
        finds?.type === 'other'
          ? [`${way}: ${finds.path} comes first`]
          : finds?.type === 'none'
            ? [`${way}: finds no pm2`]
            : [],
      ),
    ...layers
      .filter(({ state }) => state === 'missing' || state === 'in the way')
      .map(({ name, place, state, note }) =>
        state === 'missing'
          ? `layer ${name}: ${place} is not as install would leave it; run:  ${rootCommandLine('install')}`
          : `layer ${name}: ${place} ${note ?? ''}`,
      ),
    ...seals
      .filter(({ state }) => state !== 'sealed' && state !== 'hidden')
      .map((one) => `${one.package}: ${sealInWords(one)}; run:  ${rootCommandLine(one.requested ? 'seal' : 'unseal')}`),
    ...(sudoers?.state === 'differs' ? [stateInWords(sudoers) ?? ''] : []),
  ];
  return {
    version: VERSION,
    installed,
    packages,
    node,
    switching,
    config,
    daemons,
    ways,
    layers,
    seals,
    sudoers,
    problems,
    prepared: preparedStates(policy),
    proposals: proposalsFor(ways),
    pm2: real.type === 'found' ? { path: real.file, version: real.version } : null,
    compiled: compiled === null ? null : { fresh: file !== null && isFresh(compiled, file), made: compiled.made },
  };
}

function recorded() {
  const record = readInstall();
  return {
    record,
    installed: typeof record?.version === 'string' && existsSync(join(SHIMS, 'pm2')) ? record.version : null,
    node: existsSync(NODE_LINK) ? (record?.node ?? NODE_LINK) : null,
    real: findRealPm2({
      recorded: record?.pm2 ?? null,
      path: process.env['PATH'],
      skip: [LIBRARY],
      asRoot: process.geteuid?.() === 0,
    }),
  };
}

function switchingOf(record: Partial<Install> | null): Switching | null {
  if (record === null) return null;
  const bundle = join(__dirname, 'as-user.cjs');
  return process.geteuid?.() === 0 && existsSync(NODE_LINK)
    ? trySwitching(NODE_LINK, bundle)
    : (record.switching ?? null);
}

function policyStatus(): { config: Status['config']; policy: Policy | null } {
  // euid -1: a status call must not refresh the compiled policy.
  const loaded = loadPolicy(policyReader(), () => slow);
  if (loaded.type === 'unusable')
    return {
      config: { state: 'unusable', file: loaded.error.file, message: formatConfigError(loaded.error) },
      policy: null,
    };
  const [warning = null] = loaded.warnings;
  return {
    config: { state: warning === null ? 'valid' : 'last good', file: loaded.policy.file, message: warning },
    policy: loaded.policy,
  };
}

function operatorsRights(): SudoersState | null {
  const rights = wantedDropIn();
  return rights.type === 'drop-in' ? sudoersState(rights.wanted) : null;
}

function daemonStates(policy: Policy | null): Promise<DaemonStatus[]> {
  return Promise.all(
    (policy?.daemons ?? []).map(async ({ name, user, uid, pm2Home }) => ({
      name,
      user,
      home: pm2Home,
      socket: await socketState(rpcSocket(pm2Home), uid),
    })),
  );
}

/** A user can put a link to another user's PM2_HOME or socket in place of the own one, and PM2 follows it. */
async function socketState(socket: string, user: Uid): Promise<DaemonStatus['socket']> {
  const owner = ownerOf(socket);
  if (owner !== null && owner !== user) return 'foreign';
  const reply = await askDaemon(socket, 'ping', {}, PATIENCE);
  return ({ answered: 'live', dead: 'down', denied: 'denied', silent: 'silent', nonsense: 'silent' } as const)[
    reply.type
  ];
}
