import { callersHomeDirectories } from '../identity/callers-homes.ts';
import { crossing, type Crossed } from '../identity/environment.ts';
import { typedVariables } from '../identity/typed-variables.ts';
import { handsEnvironmentOver } from '../pm2/hands-over.ts';
import type { Invocation } from '../pm2/invocation.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { Caller } from '../verdict/caller.ts';
import { isSilent } from './report.ts';

export function variablesFor(owner: { homeDirectory: string }, invocation: Invocation, caller: Caller): Crossed {
  const { env } = process;
  return crossing(env, {
    homeDirectories: callersHomeDirectories(env, caller.homeDirectory, owner.homeDirectory),
    typed: typedVariables(env),
    handsOver: handsEnvironmentOver(invocation),
  });
}

/** Variables that sudo dropped: its rule has no SETENV, or it is sudo-rs before 0.2.7. Empty for a silent call. */
export function lostLines(names: readonly string[], invocation: Invocation): string[] {
  if (names.length === 0 || isSilent(invocation)) return [];
  return [
    `pm2-guard: not handed to the app: ${names.join(', ')} (sudo did not keep them: its rule has no SETENV, or it is ` +
      `an old sudo-rs); for a rule with SETENV: ${rootCommandLine('sudoers', '--write')}`,
  ];
}

/**
 * Empty for a silent call.
 *
 * @param keeps sudo keeps variables for this caller, so a command that names them works
 */
export function leftOutLines({ leftOut, variables }: Crossed, invocation: Invocation, keeps = true): string[] {
  if (leftOut.length === 0 || isSilent(invocation)) return [];
  const said = leftOut.map((name) => (variables[name] === undefined ? name : `a part of ${name}`)).join(', ');
  const line = `pm2-guard: not handed to the app: ${said} (the caller's own)`;
  if (!keeps) return [line];
  const instead = quoteCommand(['sudo', `--preserve-env=${leftOut.join(',')}`, 'pm2']);
  return [`${line}; to hand it over: ${instead} ...`];
}
