import { closeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { octal } from '../../host/homes/way.ts';
import { SwitchError } from '../../identity/switch-user.ts';
import { UnreadableFile } from '../../trust/read.ts';
import type { FindingCode } from '../codes.ts';
import type { DoctorFinding } from '../finding.ts';
import type { Deed, Fix } from '../fix.ts';
import { chownIn, asOwnerOf, patternOf } from '../words.ts';
import { hold, Left, within, type Held } from '../../repair/held.ts';
import { applyFix } from './deeds.ts';

export interface FixChange {
  /** Of the finding. */
  code: FindingCode;
  path: string;
  what: string;
  /** Null: the removed file held nothing, or no command reaches the file safely. */
  undo: string[] | null;
}

export interface DoneFix extends FixChange {
  /** Why it was not done; null: it was done. */
  left: string | null;
}

interface Step {
  fix: Fix;
  deed: Deed;
  change: FixChange;
}

const ORDER: readonly Deed['type'][] = ['own', 'mode', 'remove socket', 'remove pid file'];

export function fixPlanOf(findings: readonly DoctorFinding[]): Step[] {
  return findings
    .flatMap(({ code, fix }) =>
      fix === null ? [] : fix.deeds.map((deed) => ({ fix, deed, change: changeOf(code, fix, deed) })),
    )
    .sort((a, b) => ORDER.indexOf(a.deed.type) - ORDER.indexOf(b.deed.type));
}

function changeOf(code: FindingCode, fix: Fix, deed: Deed): FixChange {
  const { pm2Home, owner } = fix;
  const path = deed.name === '.' ? pm2Home : join(pm2Home, deed.name);
  switch (deed.type) {
    case 'own':
      return {
        code,
        path,
        what: `give to ${owner.name}`,
        undo: takenBack(fix, path, `${deed.uid}:${deed.gid}`),
      };
    case 'mode':
      return {
        code,
        path,
        what: `mode ${octal(deed.to)} instead of ${octal(deed.from)}`,
        // With the owner's rights: a link of the owner would lead root to any file, and the owner chose the mode.
        undo: asOwnerOf(fix, ['chmod', octal(deed.from), path])[0] ?? null,
      };
    case 'remove socket':
      return { code, path, what: 'remove, no process listens', undo: null };
    case 'remove pid file':
      return { code, path, what: 'remove, it names no daemon', undo: null };
  }
}

function takenBack({ pm2Home, owner, anchored }: Fix, path: string, to: string): string[] | null {
  const tests = ['-path', patternOf(path), '-uid', String(owner.uid)];
  return anchored ? chownIn(pm2Home, ['-maxdepth', '2'], tests, to) : null;
}

/** @param again fresh findings. A step that they do not contain is left out. */
export async function mend(plan: readonly Step[], again: readonly DoctorFinding[]): Promise<DoneFix[]> {
  const valid = new Set(fixPlanOf(again).map(keyOf));
  const done: DoneFix[] = [];
  for (const step of plan)
    done.push({
      ...step.change,
      left: valid.has(keyOf(step)) ? await attempt(step) : 'it has changed since it was looked at',
    });
  return done;
}

function keyOf({ fix, deed }: Step): string {
  return JSON.stringify([fix.pm2Home, fix.dev, fix.ino, fix.owner, deed]);
}

async function attempt({ fix, deed }: Step): Promise<string | null> {
  const euid = process.geteuid?.();
  if (euid !== 0 && (euid !== fix.owner.uid || deed.type === 'own')) return 'only root can do that';
  const held: Held[] = [];
  try {
    const user = { user: fix.owner.name, uid: fix.owner.uid, gid: fix.owner.gid };
    const pm2Home = hold(fix.pm2Home, user);
    held.push(pm2Home);
    if (pm2Home.dev !== fix.dev || pm2Home.ino !== fix.ino) return 'the PM2_HOME is another directory by now';
    const below = dirname(deed.name);
    if (below !== '.') held.push(within(pm2Home, below, user));
    await applyFix(deed, held.at(-1) ?? pm2Home, fix);
    return null;
  } catch (error) {
    if (error instanceof Left || error instanceof UnreadableFile || error instanceof SwitchError) return error.message;
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return (error as Error).message;
    throw error;
  } finally {
    for (const { fd } of held) closeSync(fd);
  }
}
