import type { Account } from '../identity/accounts.ts';
import { SHIM_MARK } from '../pm2/installed.ts';
import type { VerifyFacts } from './facts.ts';
import type { ProbedUser } from './people.ts';
import { shellAt } from './shells.ts';
import type { ShellStart } from './start.ts';
import type { WayIn } from './way.ts';

/** A program other than sudo that becomes another user, and searches the caller's PATH for the command. */
interface BecomingProgram {
  name: string;
  file: string;
  /** No question, output as it is. */
  options: readonly string[];
  /** The option that names the user. */
  user: string;
}

/** doas(1), run0(1), pkexec(1) of this host. */
function becomingPrograms({ doas, run0, pkexec }: VerifyFacts): BecomingProgram[] {
  return [
    { name: 'doas', file: doas, options: ['-n'], user: '-u' },
    { name: 'run0', file: run0, options: ['--no-ask-password', '--pipe'], user: '-u' },
    { name: 'pkexec', file: pkexec, options: [], user: '--user' },
  ].flatMap(({ file, ...program }) => (file === null ? [] : [{ ...program, file }]));
}

/** From a login shell, because they search the PATH of the one who types. */
export function otherBecomingWays({ account, login, looksAfter }: ProbedUser, facts: VerifyFacts): WayIn[] {
  if (!login || account.uid === 0) return [];
  return becomingPrograms(facts).flatMap((program) => [
    wayBy(program, account, null, facts),
    ...looksAfter.map((owner) => wayBy(program, account, owner, facts)),
  ]);
}

function wayBy(program: BecomingProgram, user: Account, target: Account | null, facts: VerifyFacts): WayIn {
  const { language } = shellAt(user.shell);
  const shell = language === 'posix' ? user.shell : '/bin/sh';
  const env = { ...facts.login(user), LC_ALL: 'C' };
  const inShell = (script: string, words: readonly string[] = []): ShellStart => ({
    as: user,
    argv: [shell, '-l', '-c', script, 'sh', ...words],
    env,
  });
  const who = target === null ? [] : [program.user, target.name];
  const becoming = [program.file, ...program.options, ...who];
  return {
    way: [program.name, ...who, 'pm2'].join(' '),
    user,
    target,
    asRoot: target === null || target.uid === 0,
    entry: {
      type: 'program',
      start: (words) => inShell('exec "$@"', [...becoming, ...words]),
      // What it would run. A real pm2 is not run to find out whether it may be.
      listing: () => inShell(LISTING, [...becoming, '/bin/true']),
    },
    origin: { type: 'becoming', program: program.name },
    used: true,
  };
}

const LISTING = `p=$(command -v pm2) || { echo 'command not found' >&2; exit 1; }
head -c 1024 "$p" | grep -q ${SHIM_MARK} || "$@" </dev/null >&2 || exit 1
echo "$p"`;
