import { dirname, join, relative, resolve } from 'node:path';
import type { Identity } from '../identity/switch-user.ts';
import type { Policy } from '../policy/policy.ts';
import { accumulate, type LintReport } from './report.ts';
import type { LintInput } from './files.ts';
import { judge } from './judge.ts';
import { kindOf, type Kind } from './kinds.ts';
import type { Reading, Remark, SourceFile, User } from './model.ts';
import { grammarsOf, readSource } from './read.ts';
import { findingsOf } from './findings.ts';
import type { Scene } from './rules/rule.ts';
import { loadGrammars } from './shell/grammar.ts';
import { READ, withRights } from './rights.ts';
import { staticAppsFrom } from './static-apps.ts';
import { Fragment, Lines } from './text.ts';
import { withUnitParts } from './units.ts';

export interface LintOptions {
  inputs: Iterable<LintInput>;
  policy: Policy | null;
  /** The user for files that name none. */
  as: string | null;
  /** Called now and then with the number of files read. */
  progress?: (files: number) => void;
}

interface Loaded {
  rights?: Identity;
  source: SourceFile;
  kind: Kind;
  given: User;
}

export async function lint({ inputs, policy, as, progress }: LintOptions): Promise<LintReport> {
  const report = accumulate();
  const given: User = as === null ? { kind: 'unset' } : { kind: 'known', name: as, said: '--as' };
  const read: Loaded[] = [];
  for (const { path, named, as: identity, given: runner, absolute } of inputs) {
    const name = absolute === true ? path : shownPath(path);
    report.files++;
    if (report.files % 200 === 0) progress?.(report.files);
    const found = withRights(identity, READ, { path, follow: named ? 'links' : 'never' });
    if (found.type === 'skipped') report.skipped.push({ path: name, why: found.why });
    else if (found.type === 'unread') {
      if (named || found.why !== 'is no regular file') report.unread.push({ path: name, why: found.why });
    } else if (mayMatter(path, found.text) || isUnit(path)) {
      const kind = kindOf(path, found.text) ?? (named ? 'shell' : null);
      if (kind !== null && kind !== 'text')
        read.push({
          source: sourceOf(name, found.text),
          kind,
          given: runner ?? given,
          ...(identity ? { rights: identity } : {}),
        });
    }
  }
  const loaded = withUnitParts(read).filter(
    ({ source: { path, text, unit } }) =>
      mayMatter(path, text) || unit?.some((part) => mayMatter(part.path, part.text)),
  );
  await loadGrammars([
    ...new Set(['bash' as const, 'javascript' as const, ...loaded.flatMap(({ kind }) => grammarsOf(kind))]),
  ]);
  const scenes: Scene[] = [];
  for (const one of loaded) scenes.push(await sceneOf(one, policy, report));
  const runs = scenes.flatMap((scene) =>
    scene.remarks.filter(({ kind }) => kind === 'runs file').map((remark) => ({ path: scene.source.path, remark })),
  );
  // A second pass for files whose user another file names.
  for (const [index, one] of loaded.entries()) {
    const user = given.kind === 'unset' ? runnerOf(one.source.path, runs) : null;
    if (user !== null) scenes[index] = await sceneOf({ ...one, given: user }, policy, accumulate());
  }
  report.findings.push(...findingsOf(scenes));
  for (const { source, lines } of scenes) report.texts.set(source.path, lines);
  report.calls = scenes.reduce((sum, { calls }) => sum + calls.length, 0);
  return report;
}

/** It mentions pm2, or names the user of a script that may. */
function mayMatter(path: string, text: string): boolean {
  return /pm2/i.test(text) || (/\.(sh|bash)\b/.test(text) && /appspec\.ya?ml$|\.service$|cron/.test(path));
}

/** It does not mention pm2, but may name the user for another file of its unit. */
function isUnit(path: string): boolean {
  return /\.service$|(^|[./])service\.d\/[^/]+\.conf$/.test(path);
}

function sourceOf(path: string, text: string): SourceFile {
  return { path, text, whole: new Fragment(text, 0) };
}

async function sceneOf(
  { source, kind, given, rights }: Loaded,
  policy: Policy | null,
  report: LintReport,
): Promise<Scene> {
  let reading: Reading;
  try {
    reading = readSource(source, kind, given);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    reading = { calls: [], remarks: [], unread: ['is nested too deep'] };
  }
  for (const why of new Set(reading.unread)) report.unread.push({ path: source.path, why });
  const apps = staticAppsFrom(source.path, rights);
  return {
    source,
    lines: new Lines(source.text),
    calls: await Promise.all(reading.calls.map((call) => judge(call, policy, apps))),
    remarks: reading.remarks,
    policy,
  };
}

interface Runs {
  path: string;
  remark: Remark;
}

/** The user that other files name for this one: appspec.yml, a crontab, a unit. */
function runnerOf(path: string, runs: readonly Runs[]): User | null {
  for (const {
    path: from,
    remark: { about, context },
  } of runs) {
    if (context.user.kind === 'unset' || from === path) continue;
    const there = about.startsWith('/') ? about : join(dirname(from), about);
    if (resolve(there) === resolve(path) || (about.startsWith('/') && sameTail(about, path))) return context.user;
  }
  return null;
}

/** `/opt/app/bin/deploy.sh` on a server is `bin/deploy.sh` in a checkout: the last two names must agree. */
function sameTail(absolute: string, path: string): boolean {
  const [one, other] = [absolute.split('/').slice(-2), resolve(path).split('/').slice(-2)];
  return one.length === 2 && one[0] !== '' && one.join('/') === other.join('/');
}

function shownPath(path: string): string {
  const short = relative('.', path);
  return short.startsWith('..') || short === '' ? path : short;
}
