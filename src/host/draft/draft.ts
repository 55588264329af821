import type { Pm2Home } from '../../runtime/brands.ts';
import { Document, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { accountByName, privateGroup } from '../../identity/accounts.ts';
import { escapeControls } from '../../terminal/escape.ts';
import { findUntrusted } from '../../trust/trust.ts';
import { isText, pathsOf } from './app-paths.ts';
import {
  declaredByDraft,
  defaultOf,
  faultOfRootDaemon,
  isRootsWord,
  mayClaim,
  type DraftEntry,
} from './draft-choice.ts';
import { survey, type FoundDaemon } from '../survey.ts';
import { mentioned } from './bounds.ts';

export interface HostDraft {
  text: string;
  survey: FoundDaemon[];
}

export async function draftConfig(): Promise<HostDraft> {
  const found = await survey();
  return { text: draft(found), survey: found };
}

/** The config text for the daemons in use. Comments list what is not declared. It is always valid on this host. */
export function draft(found: readonly FoundDaemon[]): string {
  const entries = declaredByDraft(found);
  const preferred = defaultOf(entries);
  const paths = pathsOf(entries, ({ user }) => accountByName(user)?.homeDirectory ?? null, mayClaim);
  const pathsFor = (entry: DraftEntry) => paths.get(entry) ?? [];
  const daemons = Object.fromEntries(
    entries.map((entry) => [
      entry.name,
      {
        user: entry.user,
        home: entry.pm2Home,
        ...(entry.apps.length > 0 && isRootsWord(entry) ? { apps: patternsOf(entry) } : {}),
        ...(pathsFor(entry).length > 0 ? { paths: pathsFor(entry) } : {}),
        ...pins(entry),
      },
    ]),
  );
  const document = new Document(
    { mode: 'rewrite', ...(preferred === null ? {} : { default: preferred.name }), daemons },
    { version: '1.2' },
  );
  const left = found.filter((daemon) => !entries.some(({ pm2Home }) => pm2Home === daemon.pm2Home));
  comment(document, entries, left, preferred);
  return document.toString({ lineWidth: 0, singleQuote: false });
}

/** Programs that differ from the host's. They run as the daemon's user, so that user may change them, as root may. */
function pins(entry: DraftEntry): { pm2?: string; node?: string } {
  const { pm2, node } = entry;
  return {
    ...(pm2 != null && isPinned(pm2, entry) ? { pm2 } : {}),
    ...(node != null && isPinned(node, entry) ? { node } : {}),
  };
}

function isPinned(file: string, { user }: DraftEntry): boolean {
  const account = accountByName(user);
  const owner = account === null || account.uid === 0 ? null : { uid: account.uid, gid: privateGroup(account) };
  return isText(file) && findUntrusted(file, 'file', owner) === null;
}

function patternsOf({ apps }: DraftEntry): string[] {
  return apps.map(({ name }) => pattern(name)).sort();
}

/** Escapes the wildcards (src/policy/pattern.ts). */
function pattern(name: string): string {
  return name.replace(/[*?[\]{}\\]|^!/g, '\\$&');
}

function comment(
  document: Document,
  entries: readonly DraftEntry[],
  left: readonly FoundDaemon[],
  preferred: DraftEntry | null,
): void {
  document.commentBefore = ` Which PM2 daemon every app belongs to. Drafted by pm2-guard init from what runs here.
 Look it over. After a change: pm2-guard check. Every key is explained in the README.`;
  const top = document.contents as YAMLMap;
  commentKey(
    top,
    'mode',
    ' rewrite: a call for another daemon is carried out there; ' +
      'block: it is refused with the right command;\n observe: it is only reported.',
  );
  commentKey(
    top,
    'default',
    entries.every(({ live, unit, apps }) => live === null && unit === null && apps.length === 0)
      ? ' For calls that name no app below, pm2 list among them. No daemon was found on this host, so this is a guess.'
      : entries.length > 1
        ? ' For calls that name no app below. Chosen by boot units and accounts, not by what runs: look it over.'
        : ' For calls that name no app below, such as the start of a new one.',
  );
  if (preferred === null) {
    commentKey(
      top,
      'daemons',
      [
        ` default: ${entries[0]?.name ?? 'NAME'}   # for calls that name no app below`,
        " Left out: no boot unit of root's names one of these daemons, and what ordinary users run",
        " does not decide where root's apps go.",
      ].join('\n'),
    );
  }
  const daemons = top.get('daemons');
  if (!isMap(daemons)) return;
  for (const entry of entries) {
    commentKey(daemons, entry.name, lines([...state(entry, entry.unlisted), ...notPinned(entry)]));
    const daemon = daemons.get(entry.name);
    if (!isMap(daemon)) continue;
    if (!daemon.has('apps')) daemon.comment = entry.apps.length > 0 ? unclaimed(entry) : EXAMPLE;
    const apps = daemon.get('apps');
    if (!isSeq(apps)) continue;
    for (const item of apps.items) {
      const others = entries.filter(
        (other) =>
          other !== entry &&
          isRootsWord(other) &&
          other.apps.some(({ name }) => isScalar(item) && pattern(name) === item.value),
      );
      if (isScalar(item) && others.length > 0)
        item.comment =
          ` also in ${others.map(({ name }) => name).join(', ')}: ` +
          `the caller's own daemon wins, then the path; remove it where it is a stray`;
    }
  }
  const { daemons: seen, more } = mentioned(left);
  if (seen.length > 0)
    document.comment = lines([
      ' Seen as well, and not declared:',
      ...seen.map(
        (daemon) =>
          `   ${daemon.pm2Home}: ${state(daemon)
            .map((line) => line.trim())
            .join('; ')}`,
      ),
      ...more.map((user) => `   more of ${user}`),
    ]);
}

const EXAMPLE =
  ' apps: [myapp, "shop-*"]      # names or globs; PM2 namespaces too\n' +
  ' paths: [/srv/myapp]           # whatever is started from below these';

/** The names that an ordinary user's process list or saved list has, as a rule that root can put into force. */
function unclaimed(entry: DraftEntry): string {
  return lines([
    ` Only ${entry.user}'s own list names these apps, so they are no rules yet.`,
    ` With a rule, all that root starts under such a name goes to ${entry.user}, too.`,
    ' apps:',
    ...patternsOf(entry).map((name) => `   - ${asYaml(name)}`),
  ]);
}

/** In one line. */
function asYaml(text: string): string {
  return /^[A-Za-z][\w.-]*$/.test(text) && !/^(true|false|null)$/i.test(text) ? text : JSON.stringify(text);
}

function commentKey(map: YAMLMap, key: string, text: string): void {
  const node = map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.key;
  if (isScalar(node)) node.commentBefore = text;
}

/** Programs that others can change. */
function notPinned(entry: DraftEntry): string[] {
  const { pm2, node } = entry;
  const line = (key: string, file: string | null | undefined) => {
    if (file == null || isPinned(file, entry)) return [];
    return [
      ` It runs another ${key} than the host's. Users other than root can change it, so it is not pinned: ${file}`,
    ];
  };
  return [...line('pm2', pm2), ...line('node', node)];
}

/** One or more lines for a comment: who runs it, what it has, and how it starts. */
function state(daemon: FoundDaemon, unlisted = 0): string[] {
  const { unit } = daemon;
  const boot = unit ? `${unit.enabled ? 'started at boot' : 'has a unit that is not enabled'} by ${unit.name}` : null;
  const summary = [running(daemon), contentOf(daemon, unlisted), boot].filter((part) => part !== null).join('; ');
  const fault = faultOfRootDaemon(daemon);
  return [summary, strayOfRoot(daemon), fault === null ? null : `not declared: it is root's, and ${fault}`]
    .filter((line) => line !== null)
    .map((line) => ` ${line}`);
}

function running({ user, live }: FoundDaemon): string {
  if (live === null) return `does not run; ${user === null ? 'its owner has no account' : `user ${user}`}`;
  const unnamed = live.uid === null ? 'an unknown user' : `uid ${live.uid}, which has no account`;
  return `runs as ${user ?? unnamed}${live.pid === null ? '' : ` (pid ${live.pid})`}`;
}

/** Where the apps are from, or why none are shown. Null: they are shown, and come from the daemon itself. */
function contentOf({ failure, apps, source }: FoundDaemon, unlisted: number): string | null {
  if (unlisted > 0) return `${unlisted} apps, too many or too long for a draft`;
  if (source === 'dump') return `apps from its saved list${failure === null ? '' : ', the daemon gave no list'}`;
  if (failure === 'denied') return 'ask again with sudo to see its apps';
  if (failure === 'silent') return 'it does not answer';
  return apps.length === 0 ? 'no apps' : null;
}

function strayOfRoot({ user, pm2Home, live }: FoundDaemon): string | null {
  const owner = accountOfPm2Home(pm2Home);
  return live !== null && user === 'root' && owner !== null && owner !== 'root'
    ? `root's daemon in the PM2_HOME of ${owner}: probably a stray (sudo with HOME or PM2_HOME kept)`
    : null;
}

/** By the path alone. */
function accountOfPm2Home(pm2Home: Pm2Home): string | null {
  const [, name] = /^\/(?:home|Users)\/([^/]+)\//.exec(pm2Home) ?? [];
  return name !== undefined && accountByName(name) !== null ? name : null;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => escapeControls(text).replace(/\ufffd|\p{Surrogate}/gu, '?')).join('\n'); // see isText
}
