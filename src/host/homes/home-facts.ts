import { dirname, join } from 'node:path';
import {
  accountByName,
  accountByUid,
  localAccounts,
  localGroups,
  membersOf,
  type Account,
} from '../../identity/accounts.ts';
import type { Policy } from '../../policy/policy.ts';
import { asPid, asUid, type Gid, type Pid, type Pm2Home, type Uid } from '../../runtime/brands.ts';
import { realpathOrNull, statOf } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';
import { findUntrusted } from '../../trust/trust.ts';
import { KERNEL, ROOT, trust, type Trusted, type Word } from '../../trust/word.ts';
import { wordOfUnit } from '../boot/units.ts';
import { pm2HomeFiles, type Pm2HomeFiles } from './home-files.ts';
import type { FoundPm2Home } from './homes.ts';
import { commandLineOf } from '../processes/processes.ts';
import { savedLists, type SavedList } from './saved-list.ts';
import { servingDirectory, type Served, type ServedDirectory } from '../daemons/served.ts';
import { probeSocket, type SocketState } from '../daemons/socket-state.ts';
import { exchanger, parentsAreSearchable, wayTo, type Exchanger, type PathStep } from './way.ts';

export interface Pm2HomeFacts extends FoundPm2Home {
  /** Without symlinks; null: missing. */
  physical: string | null;
  /** The user of this PM2_HOME by config, passwd, unit or directory; null: unknown. */
  owner: Pm2HomeOwner | null;
  contents: Pm2HomeFiles;
  /** The parent directory exists or cannot be seen. */
  possible: boolean;
  /** A symlink in the path that root does not own. Its owner can change the target at any time. */
  detour: PathStep | null;
  /** A user besides root and the owner who can replace it. */
  exchanger: Exchanger | null;
  /** Only root can change what the path leads to. */
  trusted: boolean;
  /**
   * The parent directory is trusted, or it is the owner's and its own parent directory is trusted. So a command
   * reaches the PM2_HOME or meets a symlink in its place.
   */
  anchored: boolean;
  /** Owner of the physical parent directory; null: missing. */
  heldBy: Uid | null;
  /** All users can reach its files. */
  open: boolean;
  served: ServedDirectory | null;
  saved: SavedList[];
  sockets: { name: 'rpc.sock' | 'pub.sock'; state: SocketState }[];
  /** Null: missing or unreadable. */
  pidFile: { pid: Pid | null; command: string | null } | null;
}

/** By the word of root, of the kernel, or of that very user. */
export type Pm2HomeOwner = Trusted<Account & { evidence: 'config' | 'passwd' | 'unit' | 'directory' }>;

/** Writes nothing. Connects to the sockets and sends nothing. */
export async function readPm2Home(
  found: FoundPm2Home,
  policy: Policy | null,
  served: Served,
  bound: ReadonlySet<string>,
  mayRead: (file: string) => boolean = () => true,
): Promise<Pm2HomeFacts> {
  const path = found.pm2Home;
  const contents = pm2HomeFiles(path);
  const real = realpathOrNull(path);
  const owner = ownerOf(found, contents, policy);
  const way = wayTo(path);
  const names = (['rpc.sock', 'pub.sock'] as const).filter((name) =>
    contents.files.some((file) => file.name === name && file.type === 'socket'),
  );
  return {
    ...found,
    physical: real,
    owner,
    contents,
    possible: real !== null || realpathOrNull(dirname(path)) !== null || isHidden(dirname(path)),
    detour: way.find(({ type, uid }) => type === 'link' && uid !== 0) ?? null,
    exchanger: owner === null ? null : exchanger(way, owner.uid, uidsOfGroup),
    trusted: findUntrusted(path, 'directory') === null,
    anchored: isAnchored(path, owner?.uid ?? asUid(0)),
    heldBy: statOf(dirname(real ?? path))?.uid ?? null,
    open: parentsAreSearchable(join(path, 'dump.pm2')),
    served: servingDirectory(path, served),
    saved: savedLists(path, mayRead),
    sockets: await Promise.all(
      names.map(async (name) => ({
        name,
        state: await probeSocket(
          join(path, name),
          [path, real ?? path].some((place) => bound.has(join(place, name))),
        ),
      })),
    ),
    pidFile: pidFileOf(path),
  };
}

/** The caller cannot see what the path leads to. */
function isHidden(path: string): boolean {
  return findUntrusted(path, 'directory')?.kind === 'unreadable';
}

function isAnchored(path: string, owner: Uid): boolean {
  const holder = dirname(path);
  const fault = findUntrusted(holder, 'directory');
  if (fault === null || fault.kind === 'missing') return true; // missing: its parents are trusted
  const stat = statOf(holder);
  return stat?.isDirectory() === true && stat.uid === owner && findUntrusted(dirname(holder), 'directory') === null;
}

/** The config decides, then the home directory in passwd, the unit, and the owner of the directory. */
function ownerOf(
  { pm2Home, user, unit }: FoundPm2Home,
  { files }: Pm2HomeFiles,
  policy: Policy | null,
): Pm2HomeOwner | null {
  const declared = policy?.daemons.find((daemon) => daemon.pm2Home === pm2Home);
  const candidates: [Pm2HomeOwner['evidence'], Word, Account | null | undefined][] = [
    ['config', ROOT, declared && accountByName(declared.user)],
    [
      'passwd',
      ROOT,
      localAccounts().find(
        (account) => join(account.homeDirectory, '.pm2') === pm2Home && account.homeDirectory !== '/',
      ),
    ],
    ['unit', unit === null ? ROOT : wordOfUnit(unit), unit === null || user === null ? null : accountByName(user)],
    ['directory', KERNEL, files[0] && accountByUid(files[0].uid)],
  ];
  for (const [evidence, word, account] of candidates) {
    const trusted = account ? trust({ ...account, evidence }, word, account.uid) : null;
    if (trusted !== null) return trusted;
  }
  return null;
}

function uidsOfGroup(gid: Gid): Uid[] {
  const listed = localGroups().filter((group) => group.gid === gid);
  const names = membersOf({ gid, members: listed.flatMap(({ members }) => members) });
  return localAccounts()
    .filter(({ name }) => names.includes(name))
    .map(({ uid }) => uid);
}

function pidFileOf(pm2Home: Pm2Home): Pm2HomeFacts['pidFile'] {
  try {
    const text = readRegularFile(join(pm2Home, 'pm2.pid'), 64).toString('latin1').trim();
    const pid = /^\d{1,10}$/.test(text) ? asPid(Number(text)) : null;
    const command = pid === null ? '' : commandLineOf(pid);
    return { pid, command: command === '' ? null : command };
  } catch {
    return null;
  }
}
