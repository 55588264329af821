import type { Policy } from '../../policy/policy.ts';
import { classOfCommand } from '../../verdict/command-class.ts';
import type { Judged } from '../judge.ts';
import type { LintCall, LintCode, Edit, Remark, Severity, SourceFile } from '../model.ts';
import type { Lines } from '../text.ts';

/** One file and all facts about it. */
export interface Scene {
  source: SourceFile;
  lines: Lines;
  calls: readonly Judged[];
  remarks: readonly Remark[];
  policy: Policy | null;
}

export interface RuleFinding {
  at: Pick<LintCall, 'start' | 'end'> & { pm2At?: number };
  severity: Severity;
  why: string;
  /** Edits that certainly correct the line. */
  edits?: readonly Edit[];
  /** What to type instead, if no edit is certain. */
  instead?: string;
  /** Further positions with the same finding. */
  also?: readonly Pick<LintCall, 'start' | 'pm2At'>[];
}

/** The page of a rule: `pm2-guard explain PL001`. */
export interface RulePage {
  title: string;
  problematic: string;
  correct: string;
  why: string;
  exceptions: string;
}

export interface LintRule {
  code: LintCode;
  trap: string;
  /** The worst severity of its findings. */
  severity: Severity;
  page: RulePage;
  check(scene: Scene, all: readonly Scene[]): RuleFinding[];
}

export function callUser(call: Pick<LintCall, 'user'>): string {
  switch (call.user.kind) {
    case 'known':
      return call.user.name;
    case 'variable':
      return call.user.text;
    case 'unset':
      return 'the user who runs this file';
  }
}

/** The canonical PM2 command: `dump` for `save`. */
export function verb(call: Judged): string {
  return call.invocation.command ?? '';
}

export function isRight(call: Judged): boolean {
  return call.judgement.kind === 'right';
}

/** The call may reach a host's daemon, and is not known to be right. */
export function mayGoWrong(call: Judged): boolean {
  return (
    call.judgement.kind !== 'right' &&
    call.judgement.kind !== 'own world' &&
    call.invocation.command !== null &&
    call.invocation.scope !== 'pure' &&
    call.invocation.scope !== 'deploy'
  );
}

/** What a line says that becomes root by itself; `become` is Ansible's. */
export const SWITCHES = /^(sudo|doas|su|runuser|run0|pkexec|become)$/;

const NAMES_USER = new RegExp(
  '^(sudo|su|runuser|doas|run0|pkexec|gosu|su-exec|setpriv|chpst|setuidgid|systemd-run)|' +
    '^(become|User=|user=|the user column)',
);

/** The command line itself names an ordinary user. */
export function isPinned({ user }: Judged): boolean {
  if (user.kind === 'unset' || (user.kind === 'known' && user.name === 'root')) return false;
  return NAMES_USER.test(user.said);
}

export function reads(call: Judged): boolean {
  return classOfCommand(verb(call)) === 'reads';
}

/** It may start an app that does not exist yet. */
export function mayStartApp(call: Judged): boolean {
  return ['start', 'serve', 'startOrRestart', 'startOrReload', 'startOrGracefulReload', 'resurrect'].includes(
    verb(call),
  );
}

export function appsOfCall({ invocation: { targets, starts } }: Judged): string[] {
  return [...new Set([...starts.map(({ name }) => name ?? ''), ...targets.map(({ word }) => word)])].filter(
    (name) => name !== '',
  );
}

/** Identifies the daemon that a call reaches, to compare it with other calls of the file. */
export function whoKey(call: Judged): string {
  const { user, world, pm2Home } = call;
  const host = world.kind === 'remote' ? world.host : world.kind === 'variable host' ? world.text : '';
  const name = user.kind === 'known' ? user.name : user.kind === 'variable' ? user.text : '';
  return [hostKey(call), name, pm2Home?.value ?? (pm2Home ? '?' : ''), host].join('\n');
}

export function hostKey({ world }: Judged): string {
  return world.kind === 'remote' ? world.host : world.kind === 'variable host' ? world.text : 'here';
}
