import type { World } from '../model.ts';
import { runText } from '../shell/run.ts';
import { valueOf, type ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import type { Fragment } from '../text.ts';

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'''([\s\S]*?)'''|"""([\s\S]*?)"""|'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/g;

/** Jenkinsfile: the strings of `sh` steps. There is no Groovy parser; only comments and strings are recognised. */
export function readJenkins(fragment: Fragment, scope: ShellScope, session: Session): void {
  const { text } = fragment;
  const code = withoutComments(text);
  const world: World = /\bagent\s*\{\s*(docker|dockerfile|kubernetes)\b|\.inside\s*(\([^)]*\))?\s*\{/.test(code)
    ? { kind: 'container' }
    : { kind: 'kept runner', name: 'jenkins' };
  const shell = scope.child({ world });
  for (const [, name = '', value = ''] of code.matchAll(/^\s*(PM2_HOME|HOME)\s*=\s*['"]([^'"]*)['"]/gm))
    shell.set(name, valueOf(value, !value.includes('$'), { exported: true }));
  for (const match of text.matchAll(TOKEN)) {
    const body = match[1] ?? match[2] ?? match[3] ?? match[4];
    if (body === undefined) continue;
    const before = text.slice(Math.max(0, match.index - 400), match.index);
    const start = match.index + ((match[1] ?? match[2] ?? null) ? 3 : 1);
    const part = fragment.slice(start, start + body.length);
    if (isRemote(before))
      runText(
        part,
        shell.child(
          { user: { kind: 'unset' }, world: { kind: 'variable host', text: 'the remote' }, forms: ['ssh'] },
          [],
        ),
        session,
      );
    else if (isShell(before)) runText(part, shell.fork(), session);
  }
}

function withoutComments(text: string): string {
  return text.replace(TOKEN, (token) => (token.startsWith('//') || token.startsWith('/*') ? ' ' : token));
}

/** `sh "..."`, `sh(script: "...", returnStatus: true)`, `sh(returnStdout: true, script: ...)`. */
function isShell(before: string): boolean {
  return /\bsh\s*\(?\s*$|\bsh\s*\(?\s*(?:\w+\s*:\s*(?:'[^']*'|"[^"]*"|\w+)\s*,\s*)*script\s*:\s*$/.test(before);
}

function isRemote(before: string): boolean {
  return /\bexecCommand\s*:\s*$|\bsshCommand\b[^\n]*\bcommand\s*:\s*$/.test(before);
}
