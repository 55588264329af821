import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Document, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { accountByName } from '../identity/accounts.ts';
import { escapeControls } from '../terminal/escape.ts';
import { isText, pathsOf } from './app-paths.ts';
import { survey, type FoundDaemon } from './survey.ts';

export interface Draft {
  /** The text of a config that `pm2-guard check` accepts. */
  text: string;
  survey: FoundDaemon[];
}

/** Drafts a config from what is on this host (survey.ts). */
export async function draftConfig(): Promise<Draft> {
  const found = await survey();
  return { text: draft(found), survey: found };
}

/** A daemon under the name that the draft gives to it. */
export interface Entry extends FoundDaemon {
  name: string;
  user: string;
}

/**
 * The draft of a config: the daemons that have apps or a boot unit, with their apps and paths, and a default. What is not
 * declared is named in comments. Always valid on this host: without any daemon, the most likely one is declared.
 */
export function draft(found: readonly FoundDaemon[]): string {
  const entries = declaredByDraft(found);
  const preferred = [...entries].sort((a, b) => Number(b.user !== 'root') - Number(a.user !== 'root') || b.apps.length - a.apps.length)[0];
  const paths = pathsOf(entries, ({ user }) => (user === null ? null : accountByName(user)?.home ?? null));
  const daemons = Object.fromEntries(entries.map((entry) => [entry.name, {
    user: entry.user,
    home: entry.home,
    ...(entry.apps.length > 0 ? { apps: entry.apps.map(({ name }) => pattern(name)).sort() } : {}),
    ...(paths.get(entry)?.length ? { paths: paths.get(entry) } : {}),
  }]));
  const document = new Document({ mode: 'rewrite', default: preferred?.name, daemons }, { version: '1.2' });
  const left = found.filter((daemon) => !entries.some(({ home }) => home === daemon.home));
  comment(document, entries, left);
  return document.toString({ lineWidth: 0, singleQuote: false });
}

/** The daemons that a draft declares: those that somebody wants, else the likeliest one. */
export function declaredByDraft(found: readonly FoundDaemon[]): Entry[] {
  const known = found.filter(({ user, home }) => user !== null && DECLARABLE.test(user) && accountByName(user) !== null && isText(home))
    .map((daemon) => ({ ...daemon, apps: daemon.apps.filter(({ name }) => isText(name)) }));
  const declared = named(known.filter((daemon) => isMeant(daemon, found)));
  return declared.length > 0 ? declared : named([likeliest(known)]);
}

/** What the config takes for a login name (src/policy/schema.ts). */
const DECLARABLE = /^[A-Za-z0-9_.][A-Za-z0-9_.@\\-]*\$?$/;

/** A daemon that somebody wants, not only a home where pm2 was once typed. */
function isMeant({ live, unit, apps }: FoundDaemon, found: readonly FoundDaemon[]): boolean {
  if (unit?.enabled) return true;
  if (apps.length === 0) return false;
  // Not running, and all it saved lives elsewhere by now: what a stray leaves behind (T24).
  return live !== null || apps.some((app) => !found.some((other) => other.live && other.apps.some(({ name }) => name === app.name)));
}

/** Where nothing runs yet: whose home is laid out already, the web server's user, root. */
function likeliest(known: readonly FoundDaemon[]): FoundDaemon {
  const people = known.filter(({ user }) => user !== 'root');
  const laidOut = people.find(({ live }) => live) ?? people.find(({ user }) => user === 'www-data') ?? people[0];
  if (laidOut) return laidOut;
  const user = ['www-data', 'root', userInfo().username].find((candidate) => accountByName(candidate) !== null) ?? 'root';
  return { user, home: join(accountByName(user)?.home ?? '/root', '.pm2'), live: null, failure: null, apps: [], source: null, unit: null };
}

/** Names for them: `web` for the web server's user, else the user's own; a second home of a user is counted. */
function named(daemons: readonly FoundDaemon[]): Entry[] {
  const taken = new Set<string>();
  return daemons.map((daemon) => {
    const user = daemon.user ?? 'root';
    const plain = user === 'www-data' ? 'web' : user.replace(/[^A-Za-z0-9_.-]/g, '-').replace(/^[^A-Za-z0-9]+/, '').replace(/^(constructor|prototype)$/, '$1-') || 'daemon';
    let name = plain;
    for (let count = 2; taken.has(name); count += 1) name = `${plain}-${count}`;
    taken.add(name);
    return { ...daemon, user, name };
  });
}

/** An app's name as an entry of `apps`, where some characters are wild (src/policy/pattern.ts). */
function pattern(name: string): string {
  return name.replace(/[*?[\]{}\\]|^!/g, '\\$&');
}

function comment(document: Document, entries: readonly Entry[], left: readonly FoundDaemon[]): void {
  document.commentBefore = ` Which PM2 daemon every app belongs to. Drafted by pm2-guard init from what runs on this host: look it over.
 After a change: pm2-guard check. Every key is explained in the README.`;
  const top = document.contents as YAMLMap;
  commentKey(top, 'mode', ' rewrite: a call for another daemon is carried out there; block: it is refused with the right command;\n observe: it is only reported.');
  commentKey(top, 'default', entries.length > 1
    ? ' For calls that name no app below. Chosen for having the most apps of those that are not root\'s: change it where that is wrong.'
    : ' For calls that name no app below, such as the start of a new one.');
  const daemons = top.get('daemons');
  if (!isMap(daemons)) return;
  for (const entry of entries) {
    commentKey(daemons, entry.name, lines(state(entry)));
    const daemon = daemons.get(entry.name);
    if (!isMap(daemon)) continue;
    if (!daemon.has('apps')) daemon.comment = ' apps: [myapp, "shop-*"]      # names or globs; PM2 namespaces too\n paths: [/srv/myapp]           # whatever is started from below these';
    const apps = daemon.get('apps');
    if (!isSeq(apps)) continue;
    for (const item of apps.items) {
      const others = entries.filter((other) => other !== entry && other.apps.some(({ name }) => isScalar(item) && pattern(name) === item.value));
      if (isScalar(item) && others.length > 0) item.comment = ` also in ${others.map(({ name }) => name).join(', ')}: the caller's own daemon wins, then the path; remove it where it is a stray`;
    }
  }
  if (left.length > 0) document.comment = lines([' Seen as well, and not declared:', ...left.map((daemon) => `   ${daemon.home}: ${state(daemon).join('; ').trim()}`)]);
}

function commentKey(map: YAMLMap, key: string, text: string): void {
  const node = map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.key;
  if (isScalar(node)) node.commentBefore = text;
}

/** What was seen of it, in lines. */
function state({ user, home, live, failure, apps, source, unit }: FoundDaemon): string[] {
  const whose = user ?? (live?.uid === null || live === null ? 'somebody' : `uid ${live.uid}, which has no account`);
  const running = live ? `runs as ${whose}${live.pid === null ? '' : ` (pid ${live.pid})`}` : `does not run; ${user === null ? 'its owner has no account' : `user ${whose}`}`;
  const content = source === 'dump' ? `apps from its saved list${failure === null ? '' : ', it would not say more'}`
    : failure === 'denied' ? 'ask again with sudo to see its apps'
      : failure === 'silent' ? 'it does not answer'
        : apps.length === 0 ? 'no apps' : null;
  const boot = unit ? `${unit.enabled ? 'started at boot' : 'has a unit that is not enabled'} by ${unit.name}` : null;
  const owner = accountOfHome(home);
  const stray = live && user === 'root' && owner !== null && owner !== 'root' ? `root's daemon in the home of ${owner}: probably a stray (sudo with HOME or PM2_HOME kept)` : null;
  return [` ${[running, content, boot].filter((part) => part !== null).join('; ')}`, ...(stray === null ? [] : [` ${stray}`])];
}

/** Whose home directory it lies in, by its name alone. */
function accountOfHome(home: string): string | null {
  const [, name] = /^\/(?:home|Users)\/([^/]+)\//.exec(home) ?? [];
  return name !== undefined && accountByName(name) !== null ? name : null;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => escapeControls(text).replace(/\ufffd|\p{Surrogate}/gu, '?')).join('\n'); // see isText
}
