import { writeSync } from 'node:fs';
import { block } from '../guard/refuse.ts';
import { record } from '../guard/record.ts';
import { mayNotify, rewriteLines, say } from '../guard/report.ts';
import { asPosix } from '../runtime/brands.ts';
import { caseOf, type Case } from '../sudo/case.ts';
import { sudoPlanOf, type Plan } from '../sudo/plan.ts';
import { sudoWords } from '../sudo/rewrite.ts';

export { rehearseSudo as rehearse } from '../sudo/rehearse.ts';

/**
 * Gets the real sudo's path, `no` if that refuses the call, and the arguments after `sudo`. Prints a shell command to
 * run instead, or nothing. Exit status 126: blocked. The shell runs the call, so that its arguments stay exact to the
 * byte and sudo is its direct child.
 */
function runSudo(): void {
  answer(process.argv.slice(3)).catch((error: unknown) => {
    process.stderr.write(
      'pm2-guard: this is a bug, sudo runs the call as typed; please report it with the lines ' +
        `below\n${error instanceof Error ? String(error.stack) : String(error)}\n`,
    );
  });
}

async function answer([sudo = '', told = '', ...argv]: readonly string[]): Promise<void> {
  // Not UTF-8: the arguments would not be exact.
  if (argv.some((word) => word.includes('\ufffd'))) return;
  const one = await caseOf(argv, process.env, asPosix(process).geteuid());
  if (one === null) return;
  carryOut(await sudoPlanOf(one, sudo, told === 'no'), one, sudo);
}

function carryOut(plan: Plan, { invocation, caller, policy, login }: Case, sudo: string): void {
  switch (plan.type) {
    case 'as typed':
      return;
    case 'block':
      block(plan.verdict, caller, invocation);
      return;
    case 'rewritten': {
      const { line, cwd, verdict } = plan;
      if (verdict !== null) {
        if (mayNotify(invocation, policy)) say(rewriteLines(verdict, invocation, caller, policy));
        record({
          outcome: 'rewrite',
          caller: { ...caller, login: login.name },
          argv: invocation.argv,
          rule: `${policy.file}:${verdict.rule?.line ?? verdict.daemon.line}`,
        });
      }
      writeSync(
        1,
        `${cwd === null ? '' : `cd ${quoted(cwd)} && `}exec ${[sudo, ...sudoWords(line)].map(quoted).join(' ')}`,
      );
      return;
    }
  }
}

/** For eval. shell-quote escapes `!` in double quotes, where sh keeps the backslash. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

export { runSudo as main }; // the name that the shims use
