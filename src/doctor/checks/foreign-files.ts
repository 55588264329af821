import { dirname } from 'node:path';
import type { Pm2HomeFile } from '../../host/homes/home-files.ts';
import type { Pm2HomeFacts, Pm2HomeOwner } from '../../host/homes/home-facts.ts';
import type { Uid } from '../../runtime/brands.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { fixIn, type Deed } from '../fix.ts';
import { distinctPm2Homes, occupancyOf } from '../occupancy.ts';
import { chownIn, asOwnerOf, listed, pathsIn, userName } from '../words.ts';

/** Files that only a daemon makes, and removes when it ends normally. */
const DAEMONS_OWN = ['rpc.sock', 'pub.sock', 'interactor.sock', 'pm2.pid', 'agent.pid'];

/** PD303, PD304, PD306, T11, T13, T14: files in a PM2_HOME that its user does not own. */
export const foreignFiles: Check = {
  name: 'foreign files',
  find: (facts) =>
    distinctPm2Homes(facts).flatMap((pm2HomeFacts) => {
      const { owner } = pm2HomeFacts;
      if (owner === null || pm2HomeFacts.detour !== null) return []; // PD313
      const who = occupancyOf(pm2HomeFacts, facts);
      // Root decides where a link of root leads. Sockets of a living daemon belong to PD101.
      const foreign = pm2HomeFacts.contents.files.filter(
        (file) => file.uid !== owner.uid && file.type !== 'link' && !(who.type !== 'none' && file.type === 'socket'),
      );
      if (foreign.length === 0) return [];
      switch (who.type) {
        // Another user's daemon runs there and needs these files. It has to end first, and a chown of its sockets
        // would let others command it (PD102, PD101).
        case 'unclear':
        case 'other':
          return [];
        case 'owner':
        case 'none': {
          const roots = owner.uid === 0 ? [] : foreign.filter(({ uid }) => uid === 0);
          const others = foreign.filter((file) => !roots.includes(file));
          return [
            ...(roots.length > 0 ? [leftByRoot(pm2HomeFacts, owner, roots, who.type === 'none')] : []),
            ...(others.length > 0 ? [ofOtherUsers(pm2HomeFacts, owner, others)] : []),
          ];
        }
      }
    }),
};

function leftByRoot(
  facts: Pm2HomeFacts,
  owner: Pm2HomeOwner,
  files: readonly Pm2HomeFile[],
  empty: boolean,
): DoctorFinding {
  const { pm2Home, contents, pidFile } = facts;
  const marks = empty ? files.filter(({ name }) => DAEMONS_OWN.includes(name)) : [];
  const daemon = marks.length > 0;
  const kept = files.filter((file) => !marks.includes(file));
  const own = givable(facts, owner, kept);
  const given = own.filter(isOpen);
  const left = kept.filter((file) => !given.includes(file));
  const deeds = [
    ...own
      .filter(({ name }) => !name.startsWith('modules/'))
      .map(({ name, dev, ino, uid, gid }): Deed => ({ type: 'own', name, dev, ino, uid, gid })),
    ...marks.flatMap(({ name, type, dev, ino }): Deed[] => {
      if (type === 'socket') return [{ type: 'remove socket', name, dev, ino }];
      return name === 'pm2.pid' && pidFile !== null
        ? [{ type: 'remove pid file', name, dev, ino, pid: pidFile.pid }]
        : [];
    }),
  ];
  return {
    code: daemon ? 'PD304' : 'PD303',
    urgency: 'wrong',
    what: daemon
      ? `a daemon of root's lived in ${pm2Home}, and its files are still there`
      : `root's pm2 has written in ${pm2Home}`,
    evidence: [
      `the PM2_HOME is ${owner.name}'s (${EVIDENCE[owner.evidence]}); ` +
        `root's are: ${listed(files.map(({ name }) => name))}`,
      ...CAUSES.filter(([name]) => files.some((file) => file.name === name)).map(
        ([name, cause]) => `${name}: ${cause}`,
      ),
      ...contents.cut.map((directory) => `${directory}/ holds more than was looked at`),
      ...(left.length === 0
        ? []
        : [`not given away, closed or in another's directory: ${listed(left.map(({ name }) => name))}`]),
    ],
    why: daemon
      ? `${owner.name} cannot start a daemon here, or meets EACCES; PM2's advice, to chown the sockets, does not ` +
        'bring the apps back.'
      : `As ${owner.name}, pm2 meets EACCES: save fails, and reload fails with exit status 0.`,
    repair: [
      ...chowned(facts, owner, given),
      ...(marks.length > 0 ? asOwnerOf(facts, ['rm', '-f', ...pathsIn(pm2Home, marks)]) : []),
    ],
    fix: fixIn(facts, deeds),
    trap: daemon ? 'T11' : 'T13',
    subject: about({ home: pm2Home, path: pathsIn(pm2Home, files)[0] ?? null }),
  };
}

/** The parent directory is, or becomes, the owner's. No hard links: the chown would reach the other name too. */
export function givable(pm2HomeFacts: Pm2HomeFacts, owner: { uid: Uid }, files: readonly Pm2HomeFile[]): Pm2HomeFile[] {
  const { heldBy, contents } = pm2HomeFacts;
  const single = files.filter(({ type, links }) => type === 'directory' || (type === 'file' && links === 1));
  const becomesOwn = (name: string): boolean => {
    const file = contents.files.find((one) => one.name === name);
    return file?.uid === owner.uid || (single.some((one) => one.name === name) && liesInOwn(name));
  };
  const liesInOwn = (name: string): boolean =>
    name === '.' ? heldBy === owner.uid : becomesOwn(name.includes('/') ? dirname(name) : '.');
  return single.filter(({ name }) => liesInOwn(name));
}

/** A file that others cannot read may hold root's secrets. doctor --fix asks the kernel as the owner instead. */
function isOpen({ type, mode }: Pm2HomeFile): boolean {
  return type === 'directory' ? (mode & 0o005) === 0o005 : (mode & 0o004) !== 0;
}

function chowned({ pm2Home, anchored }: Pm2HomeFacts, owner: Pm2HomeOwner, files: readonly Pm2HomeFile[]): string[][] {
  if (!anchored || files.length === 0) return [];
  const uids = [...new Set(files.map(({ uid }) => String(uid)))].flatMap((uid, at) => [
    ...(at === 0 ? [] : ['-o']),
    '-uid',
    uid,
  ]);
  const readable = ['(', '-type', 'd', '-perm', '-0005', '-o', '-type', 'f', '-links', '1', '-perm', '-0004', ')'];
  const top = files.some(({ name }) => name === '.') ? [] : ['-mindepth', '1'];
  return [chownIn(pm2Home, [...top, '-maxdepth', '2'], ['(', ...uids, ')', ...readable], `${owner.name}:`)];
}

function ofOtherUsers(facts: Pm2HomeFacts, owner: Pm2HomeOwner, files: readonly Pm2HomeFile[]): DoctorFinding {
  const { pm2Home } = facts;
  const people = [...new Set(files.map(({ uid }) => userName(uid, facts)))];
  const given = givable(facts, owner, files).filter(isOpen);
  const paths = pathsIn(pm2Home, given.slice(0, 12));
  return {
    code: 'PD306',
    urgency: files.some(({ name }) => CODE.includes(name)) ? 'urgent' : 'wrong',
    what: `files of ${listed(people)} are in the PM2_HOME of ${owner.name}: ${pm2Home}`,
    evidence: [`not ${owner.name}'s: ${listed(files.map(({ name, uid }) => `${name} (${userName(uid, facts)})`))}`],
    why: `The next resurrect runs what the saved list says as ${owner.name}. A user who can write it can do so too.`,
    repair: given.length > 0 && owner.uid !== 0 ? [['ls', '-ld', ...paths], ...chowned(facts, owner, given)] : [],
    fix: null,
    trap: 'T13',
    subject: about({ home: pm2Home, path: pathsIn(pm2Home, files)[0] ?? null }),
  };
}

/** These files decide what runs. */
const CODE = ['.', 'modules', 'dump.pm2', 'module_conf.json'];

const EVIDENCE: Record<Pm2HomeOwner['evidence'], string> = {
  config: 'so says the config',
  passwd: "it is in that user's home directory",
  unit: 'so says its boot unit',
  directory: 'whose directory it is',
};

/** Which call by root makes which file: docs/pm2-internals.md sections 2.3 and 4.3. */
const CAUSES: [name: string, cause: string][] = [
  ['dump.pm2', 'pm2 save, typed as root'],
  ['reload.lock', 'pm2 reload, typed as root'],
  ['module_conf.json', 'pm2 set, or the first call of pm2 in this PM2_HOME, typed as root'],
  ['pm2.log', 'the daemon was started by root'],
  ['rpc.sock', 'the daemon itself ran as root'],
];
