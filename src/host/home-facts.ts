import { dirname, join } from 'node:path';
import { accountByName, accountByUid, localAccounts, localGroups, type Account } from '../identity/accounts.ts';
import type { Policy } from '../policy/policy.ts';
import { realpathOrNull, statOf } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted } from '../trust/trust.ts';
import { homeFiles, type HomeFiles } from './home-files.ts';
import type { Home } from './homes.ts';
import { commandLineOf } from './processes.ts';
import { savedLists, type SavedList } from './saved-list.ts';
import { servingDirectory, type Served, type ServedDirectory } from './served.ts';
import { probeSocket, type SocketState } from './socket-state.ts';
import { exchanger, isOpenToOthers, wayTo, type Exchanger, type PathStep } from './way.ts';

/** A home that could hold a daemon, whether one lives there or not, and what lies in it. */
export interface Pm2HomeFacts extends Home {
  /** Without links; null: it is not there. */
  physical: string | null;
  /** Whose daemon should live here, by the best evidence there is; null: nobody can say. */
  owner: HomeOwner | null;
  contents: HomeFiles;
  /** What it lies in is there, if not itself; or that cannot be seen. */
  possible: boolean;
  /** A link on the way to it that is not root's: where the home is, its maker decides at every moment. */
  detour: PathStep | null;
  /** Who else than root and its owner could exchange it; null: nobody. */
  exchanger: Exchanger | null;
  /** Only root can change what it leads to: itself, and all directories above it. */
  trusted: boolean;
  /**
   * Only root can change what the directory that holds it leads to, or only root can change the one above that and the
   * owner owns it. So a command that names the home reaches it, or meets a symbolic link in its place.
   */
  anchored: boolean;
  /** Owner of the directory that it lies in, without links; null: that is not there. */
  heldBy: number | null;
  /** Everybody can get as far as its files. */
  open: boolean;
  /** The web server's directory that it lies in; null: none. */
  served: ServedDirectory | null;
  saved: SavedList[];
  sockets: { name: 'rpc.sock' | 'pub.sock'; state: SocketState }[];
  /** What pm2.pid says; null: there is none, or it cannot be read. */
  pidFile: { pid: number | null; command: string | null } | null;
}

export interface HomeOwner extends Account {
  /** What says so. */
  evidence: 'config' | 'passwd' | 'unit' | 'directory';
}

/** Looks into a home. Writes nothing; connects to its sockets, and says nothing to them. */
export async function homeFacts(
  home: Home,
  policy: Policy | null,
  served: Served,
  bound: ReadonlySet<string>,
  mayRead: (file: string) => boolean = () => true,
): Promise<Pm2HomeFacts> {
  const path = home.home;
  const contents = homeFiles(path);
  const real = realpathOrNull(path);
  const owner = ownerOf(home, contents, policy);
  const way = wayTo(path);
  const names = (['rpc.sock', 'pub.sock'] as const).filter((name) =>
    contents.files.some((file) => file.name === name && file.type === 'socket'),
  );
  return {
    ...home,
    physical: real,
    owner,
    contents,
    possible: real !== null || realpathOrNull(dirname(path)) !== null || isHidden(dirname(path)),
    detour: way.find(({ type, uid }) => type === 'link' && uid !== 0) ?? null,
    exchanger: owner === null ? null : exchanger(way, owner.uid, membersOf),
    trusted: findUntrusted(path, 'directory') === null,
    anchored: isAnchored(path, owner?.uid ?? 0),
    heldBy: statOf(dirname(real ?? path))?.uid ?? null,
    open: isOpenToOthers(join(path, 'dump.pm2')),
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

/** A directory on the way is closed to the caller, so nothing can be said of what it leads to. */
function isHidden(path: string): boolean {
  return findUntrusted(path, 'directory')?.kind === 'unreadable';
}

function isAnchored(path: string, owner: number): boolean {
  const holder = dirname(path);
  const fault = findUntrusted(holder, 'directory');
  if (fault === null || fault.kind === 'missing') return true; // all above what is missing was found trusted
  const stat = statOf(holder);
  return stat?.isDirectory() === true && stat.uid === owner && findUntrusted(dirname(holder), 'directory') === null;
}

/** The config's word first; then whose `~/.pm2` it is; then as whom it is started; then who owns the directory. */
function ownerOf({ home, user, unit }: Home, { files }: HomeFiles, policy: Policy | null): HomeOwner | null {
  const declared = policy?.daemons.find((daemon) => daemon.home === home);
  const candidates: [HomeOwner['evidence'], Account | null | undefined][] = [
    ['config', declared && accountByName(declared.user)],
    ['passwd', localAccounts().find((account) => join(account.home, '.pm2') === home && account.home !== '/')],
    ['unit', unit === null || user === null ? null : accountByName(user)],
    ['directory', files[0] && accountByUid(files[0].uid)],
  ];
  for (const [evidence, account] of candidates) if (account) return { ...account, evidence };
  return null;
}

/** Uids of a group, of /etc/group and of those whose own group it is. */
function membersOf(gid: number): number[] {
  const names = localGroups()
    .filter((group) => group.gid === gid)
    .flatMap(({ members }) => members);
  return localAccounts()
    .filter((account) => account.gid === gid || names.includes(account.name))
    .map(({ uid }) => uid);
}

function pidFileOf(home: string): Pm2HomeFacts['pidFile'] {
  try {
    const text = readRegularFile(join(home, 'pm2.pid'), 64).toString('latin1').trim();
    const pid = /^\d{1,10}$/.test(text) ? Number(text) : null;
    const command = pid === null ? '' : commandLineOf(pid);
    return { pid, command: command === '' ? null : command };
  } catch {
    return null;
  }
}
