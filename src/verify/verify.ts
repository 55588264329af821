import { cpus } from 'node:os';
import { accountByName, accountByUid, localAccounts, type Account } from '../identity/accounts.ts';
import { cronLines } from '../host/boot/crontabs.ts';
import { learnWayToRoot } from '../install/way-to-root.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import { checkLine, policyReader } from '../policy/places.ts';
import type { Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { VERSION } from '../policy/version.ts';
import { asPosix, asUid } from '../runtime/brands.ts';
import { ownerOf } from '../runtime/peek.ts';
import { packageCommand } from '../terminal/package-command.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import { findUntrusted } from '../trust/trust.ts';
import { rootWays, sudoWays } from './becoming-ways.ts';
import { concurrently } from '../host/concurrently.ts';
import { factsOfHost, type VerifyFacts } from './facts.ts';
import { findingOf, findingOfPath, type VerifyFinding } from './finding.ts';
import { cronTableWays, serviceWays } from './machine-ways.ts';
import { onlyCaller, peopleOf, type ProbedUsers } from './people.ts';
import { otherBecomingWays } from './other-becoming-ways.ts';
import { pm2Paths, type Pm2Path } from './pm2-paths.ts';
import { probeWay, probePath, type ProbeAnswer } from './probe.ts';
import { servicesThatCallPm2 } from './services.ts';
import { canBecomeOthers, type ShellStart } from './start.ts';
import { ownWays, systemShellWays } from './ways.ts';
import type { WayIn } from './way.ts';

export interface VerifyRequest {
  /** Null: root, the users of the daemons and their operators. */
  users: readonly string[] | null;
  progress: (done: number, all: number, what: string) => void;
}

export interface Verification {
  version: string;
  findings: VerifyFinding[];
  left: string[];
  /** Where the guard does nothing: exempt users, `mode: observe`, an old config. */
  remarks: string[];
}

/** Exit status, also if verify cannot start. */
export const CANNOT_TELL = 2;
/** The account nobody has no startup files, so only the system's apply. */
const NOBODY = asUid(65534);
/** Limit for the search in home directories of other users. */
const MOST_HOMES = 200;

/**
 * Starts each shell, sudo and su to see which pm2 answers. Runs only our own pm2, and only a call that it blocks;
 * writes nothing and spawns no daemon.
 *
 * @throws UserError for an unusable config or unknown user
 */
export async function verify({ users, progress }: VerifyRequest): Promise<Verification> {
  const { policy, warnings } = policyOf();
  for (const name of users ?? [])
    if (accountByName(name) === null) throw new UserError(`there is no user ${name}`, null, CANNOT_TELL);
  const self = accountByUid(asPosix(process).geteuid());
  const asRoot = canBecomeOthers();
  if (!asRoot && users !== null) throw cannotBecome(users);
  if (asRoot) await learnWayToRoot();
  const { people, left } = asRoot ? peopleOf(policy, users) : onlyCaller(self, policy);
  const facts = factsOfHost();
  const plain = asRoot ? accountByUid(NOBODY) : self;
  const system =
    plain === null ? [] : systemShellWays({ ...plain, name: 'anybody', homeDirectory: '/nonexistent' }, facts);
  const ways = [...system, ...waysOf(people, facts, asRoot)];
  const paths = await pm2Paths(homesOf(people, asRoot), policy.daemons, process.env['PATH'] ?? '');

  let done = 0;
  const all = ways.length + paths.length;
  const counted = async <Result>(what: string, work: Promise<Result>): Promise<Result> => {
    const result = await work;
    progress(++done, all, what);
    return result;
  };
  const limit = Math.min(8, Math.max(4, cpus().length * 2));
  const once = new Map<string, Promise<ProbeAnswer>>();
  const answers = await concurrently(limit, ways, (way) =>
    counted(`${way.way} (${way.user.name})`, answerOf(way, once)),
  );
  const pathAnswers = await concurrently(limit, paths, (path) =>
    counted(path.path, probePath(path.path, startOf(path, facts, asRoot ? accountOwning(path) : self))),
  );

  const systemGuarded = new Map(
    system.map(({ origin }, at) => [origin.type === 'shell' ? origin.shell : '', answers[at]?.type === 'guard']),
  );
  const findings = ways.flatMap(
    (way, at) => findingOf(way, answers[at] ?? { type: 'unknown', why: 'it was not asked' }, systemGuarded) ?? [],
  );
  return {
    version: VERSION,
    findings: [
      ...findings,
      ...paths.map((path, at) => findingOfPath(path, accountOwning(path), pathAnswers[at] ?? { type: 'nothing' })),
    ],
    left: [...left, ...refusals(ways, answers)],
    remarks: [...warnings, ...remarksOf(policy)],
  };
}

function cannotBecome(users: readonly string[]): UserError {
  return process.geteuid?.() === 0
    ? new UserError(
        'there is no setpriv(1), with which root goes the ways of others',
        quoteCommand(packageCommand('util-linux')),
        CANNOT_TELL,
      )
    : new UserError('only root can go the ways of others', rootCommandLine('verify', '--user', ...users), CANNOT_TELL);
}

function remarksOf({ daemons, exempt }: Policy): string[] {
  const observed = daemons.filter(({ mode }) => mode === 'observe').map(({ name }) => name);
  return [
    ...(observed.length > 0
      ? [
          `mode: observe for ${observed.join(', ')}: the guard answers, reports what would go wrong, and lets it ` +
            'through',
        ]
      : []),
    ...(exempt.length > 0 ? [`exempt: the guard answers ${exempt.join(', ')}, and leaves their calls alone`] : []),
  ];
}

function policyOf(): { policy: Policy; warnings: string[] } {
  const loaded = loadPolicy(policyReader(), () => slow);
  if (loaded.type === 'policy') return loaded;
  throw new UserError(
    `nothing can be told: the config cannot be used\n${formatConfigError(loaded.error)}`,
    checkLine(loaded.error.file),
    CANNOT_TELL,
  );
}

function waysOf(people: ProbedUsers['people'], facts: VerifyFacts, asRoot: boolean): WayIn[] {
  const root = accountByUid(asUid(0));
  const [crontabs, services] = [cronLines(), servicesThatCallPm2()];
  return people.flatMap((person) => [
    ...ownWays(person, facts),
    ...cronTableWays(person.account, crontabs, facts),
    ...serviceWays(person.account, services, facts),
    ...(root === null ? [] : sudoWays(person, root, facts)),
    ...otherBecomingWays(person, facts),
    ...(root === null || !asRoot ? [] : rootWays(root, person, facts)),
  ]);
}

/** Runs identical starts only once. */
function answerOf(way: WayIn, once: Map<string, Promise<ProbeAnswer>>): Promise<ProbeAnswer> {
  const { entry } = way;
  const { as, argv, env } = entry.type === 'shell' ? entry.start('') : entry.start([]);
  // An at job asks the same shell, but without its aliases.
  const key = JSON.stringify([as.uid, argv, env, entry.type === 'shell' ? entry.language : null]);
  const answer = once.get(key) ?? probeWay(way);
  once.set(key, answer);
  return answer;
}

function homesOf(people: ProbedUsers['people'], asRoot: boolean): string[] {
  const others = asRoot
    ? localAccounts()
        .filter(({ uid }) => uid === 0 || uid >= 1000)
        .slice(0, MOST_HOMES)
    : [];
  return [...people.map(({ account }) => account), ...others].map(({ homeDirectory }) => homeDirectory);
}

/** Root runs only what root alone can change; otherwise it runs as the owner. */
function startOf(
  at: Pm2Path,
  facts: VerifyFacts,
  as: Account | null,
): ((words: readonly string[]) => ShellStart) | null {
  if (as === null || (as.uid === 0 && findUntrusted(at.path, 'file') !== null)) return null;
  return (words) => ({ as, argv: words, env: facts.login(as) });
}

function accountOwning({ path }: Pm2Path): Account | null {
  const uid = ownerOf(path);
  return uid === null ? null : accountByUid(uid);
}

/** Uses the messages of sudo and su. */
function refusals(ways: readonly WayIn[], answers: readonly ProbeAnswer[]): string[] {
  const folded = new Map<string, string[]>();
  for (const [at, { way, user }] of ways.entries()) {
    const answer = answers[at];
    if (answer?.type !== 'refused') continue;
    const key = `${user.name} is not let in (${answer.why})`;
    folded.set(key, [...(folded.get(key) ?? []), way]);
  }
  const lines = [...folded].map(([who, refused]) => `${who}: ${refused.join(', ')}`);
  const operators = ways.some(
    ({ origin, user, target }, at) =>
      origin.type === 'sudo' && user.uid !== 0 && target !== null && answers[at]?.type === 'refused',
  );
  return operators
    ? [
        ...lines,
        'sudo -u by operators without a rule for sudo; it is written by:  ' + rootCommandLine('sudoers', '--write'),
      ]
    : lines;
}
