import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ledger } from '../ledger.ts';
import { makeAbove } from '../made.ts';
import { isOthers } from '../ours.ts';
import { OURS, PROFILE, SHIMS } from '../places.ts';
import { editFault } from './edit-fault.ts';
import type { Layer } from './layer.ts';
import { hasBlock, withBlock, withoutBlock } from './marked-block.ts';

/** Puts our directory first in PATH, once. Valid in sh, bash and zsh, also under `set -u`. */
function pathFirst(assign: string): string[] {
  return [`case ":\${PATH-}:" in`, `  :${SHIMS}:*) ;;`, `  *) ${assign}=${SHIMS}\${PATH:+:$PATH} ;;`, 'esac'];
}

const header = (what: string) =>
  `# Written by ${OURS}, removed by pm2-guard uninstall: ${what} the pm2 of pm2-guard first.`;

export const profile: Layer = {
  name: 'profile',
  reaches: 'login shells: sh, dash, bash, busybox', // read by /etc/profile; not by zsh, fish, csh
  place: PROFILE,
  byDefault: true,
  apply: (ledger) => {
    ownFile(
      ledger,
      PROFILE,
      [header('login shells find'), ...pathFirst('PATH')],
      existsSync(dirname(PROFILE)) ? null : `this system has no ${dirname(PROFILE)}`,
    );
  },
  withdraw: (ledger) => {
    removeOwn(ledger, PROFILE);
  },
};

/**
 * Interactive shells that are not login shells and commands from sshd read it (bash(1) "Invocation"; SYS_BASHRC,
 * SSH_SOURCE_BASHRC). Red Hat's ~/.bashrc reads profile.d instead. Our block goes at the start: Debian's file returns
 * early without a terminal.
 */
const BASHRC = ['/etc/bash.bashrc', '/etc/bash/bashrc'];
export const bash: Layer = {
  name: 'bash',
  reaches: 'bash in terminals that are no login, and `ssh host pm2 ...`',
  place: BASHRC.find((file) => existsSync(file)) ?? '/etc/bash.bashrc',
  byDefault: true,
  apply: (ledger) => {
    putInto(
      ledger,
      bash.place,
      pathFirst('PATH'),
      'start',
      existsSync(bash.place) ? null : 'this system has no such file',
    );
  },
  withdraw: (ledger) => {
    takeOutOf(ledger, BASHRC);
  },
};

/** Every zsh reads it first. Our block goes at the end: the system's own lines there set PATH. */
const ZSHENV = ['/etc/zsh/zshenv', '/etc/zshenv'];
export const zsh: Layer = {
  name: 'zsh',
  reaches: 'every zsh, and `ssh host pm2 ...`',
  place: ZSHENV.find((file) => existsSync(dirname(file)) && dirname(file) !== '/etc') ?? '/etc/zshenv',
  byDefault: true,
  apply: (ledger) => {
    putInto(ledger, zsh.place, pathFirst('export PATH'), 'end', hasZsh() ? null : 'not needed: zsh is not installed');
  },
  withdraw: (ledger) => {
    takeOutOf(ledger, ZSHENV);
  },
};

const FISH = '/etc/fish/conf.d/pm2-guard.fish';
export const fish: Layer = {
  name: 'fish',
  reaches: 'every fish, and `ssh host pm2 ...`',
  place: FISH,
  byDefault: true,
  apply: (ledger) => {
    const lines = [
      header('every fish finds'),
      `if not set -q PATH[1]; or test "$PATH[1]" != ${SHIMS}`,
      `    set -gx PATH ${SHIMS} $PATH`,
      'end',
    ];
    ownFile(ledger, FISH, lines, existsSync('/etc/fish') ? null : 'not needed: fish is not installed');
  },
  withdraw: (ledger) => {
    removeOwn(ledger, FISH);
  },
};

/** Debian keeps /etc/zsh after zsh is removed. */
function hasZsh(): boolean {
  return ['/usr/bin/zsh', '/bin/zsh', '/usr/local/bin/zsh'].some((shell) => existsSync(shell));
}

function ownFile(ledger: Ledger, file: string, lines: readonly string[], obstacle: string | null): void {
  if (obstacle !== null) ledger.note(file, 'kept', obstacle);
  else if (isOthers(file)) ledger.note(file, 'refused', 'is not ours');
  else {
    makeAbove(ledger, [file]);
    ledger.file(file, Buffer.from(lines.map((line) => `${line}\n`).join('')), 0o644);
  }
}

function removeOwn(ledger: Ledger, file: string): void {
  if (!isOthers(file)) ledger.remove(file);
}

function putInto(
  ledger: Ledger,
  file: string,
  lines: readonly string[],
  at: 'start' | 'end',
  obstacle: string | null,
): void {
  const fault = obstacle ?? editFault(file);
  if (fault === null) ledger.edit(file, (text) => withBlock(text, lines, at));
  else ledger.note(file, 'kept', fault);
}

function takeOutOf(ledger: Ledger, files: readonly string[]): void {
  for (const file of files) {
    if (!existsSync(file) || !hasBlock(readFileSync(file, 'latin1'))) continue;
    const fault = editFault(file);
    if (fault === null) ledger.edit(file, (text) => withoutBlock(text ?? ''));
    else ledger.note(file, 'refused', fault);
  }
}
