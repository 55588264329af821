import { writeSync } from 'node:fs';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import { checkLine, policyReader } from '../policy/places.ts';
import type { Policy } from '../policy/policy.ts';
import { VERSION } from '../policy/version.ts';
import type { Uid } from '../runtime/brands.ts';
import { escapeControls } from '../terminal/escape.ts';
import { installPm2Line } from '../terminal/root-command.ts';
import { EX_CONFIG, EX_IOERR } from '../terminal/user-error.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import { realPm2 } from '../call/real-pm2.ts';
import { resolveCall } from '../call/resolve-call.ts';
import { workingDirectory } from '../call/caller-of.ts';
import { say } from './report.ts';

interface Answer {
  guarded: true;
  version: string;
  config: { file: string | null; error: string | null; warnings: string[] };
  daemons: { name: string; user: string; home: string }[];
  /** Null: not known. `daemon`: where `pm2 list` goes; null: an undeclared one. */
  caller: {
    user: string;
    home: string;
    login: string | null;
    verdict: Verdict['type'];
    code: Verdict['code'];
    daemon: string | null;
  } | null;
  pm2: { path: string; version: string } | null;
  off: boolean;
}

/** Proves that `pm2` is the guard: plain pm2 would print "Command not found" and start a daemon. Writes nothing. */
export async function answerVerify(argv: readonly string[], euid: Uid): Promise<void> {
  const loaded = loadPolicy(policyReader());
  const policy = loaded.type === 'policy' ? loaded.policy : null;
  const real = realPm2(euid, policy);
  const answer: Answer = {
    guarded: true,
    version: VERSION,
    config:
      loaded.type === 'policy'
        ? { file: loaded.policy.file, error: null, warnings: loaded.warnings }
        : { file: loaded.error.file, error: formatConfigError(loaded.error), warnings: [] },
    daemons: (policy?.daemons ?? []).map(({ name, user, pm2Home }) => ({ name, user, home: pm2Home })),
    caller: policy === null || real.type !== 'found' ? null : await placeOf(euid, policy, real),
    pm2: real.type === 'found' ? { path: real.file, version: real.version } : null,
    off: process.env['PM2_GUARD'] === 'off',
  };
  if (answer.config.error !== null) process.exitCode = EX_CONFIG;
  write(argv.includes('--json') ? `${JSON.stringify(answer, null, 2)}\n` : inWords(answer));
}

/** Lost output is an error, but not if the reader did not want it (`| head -1`). */
function write(text: string): void {
  try {
    writeSync(1, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') return;
    say([`pm2-guard: standard output could not be written: ${message}`]);
    process.exitCode = EX_IOERR;
  }
}

async function placeOf(uid: Uid, policy: Policy, pm2: InstalledPm2): Promise<Answer['caller']> {
  const { verdict, caller } = await resolveCall({
    argv: ['list'],
    env: process.env,
    uid,
    cwd: workingDirectory(),
    policy,
    pm2,
    readStdin: null,
    evaluate: false,
    askSudo: null,
  });
  const { type, code, daemon } = verdict;
  return {
    user: caller.user,
    home: caller.pm2Home,
    login: caller.login,
    verdict: type,
    code,
    daemon: daemon?.name ?? null,
  };
}

function inWords({ version, config, daemons, caller, pm2, off }: Answer): string {
  const lines = [
    `guarded by pm2-guard ${version}${config.error === null ? '' : ', but its config cannot be used'}`,
    ...(config.error === null
      ? [`config   ${config.file ?? 'none'}`]
      : config.error.split('\n').map((line) => `  ${line}`)),
    ...config.warnings.flatMap((warning) =>
      warning.split('\n').map((line, at) => `${at === 0 ? 'warning  ' : '         '}${line}`),
    ),
    ...daemons.map(({ name, user, home: pm2Home }) => `daemon   ${name}: ${user}, ${pm2Home}`),
    ...(caller === null ? [] : [`you      ${caller.user}${behind(caller)}: ${landing(caller)}`]),
    'pm2      ' +
      (pm2 === null ? `there is none on this host; run:  ${installPm2Line()}` : `${pm2.path}  (${pm2.version})`),
    ...(off
      ? [
          'off      PM2_GUARD=off is set in this shell: where the config allows it, its calls pass untouched; ' +
            'run:  unset PM2_GUARD',
        ]
      : []),
    ...(config.error === null ? [] : [`run:     ${checkLine(config.file ?? '')}`]),
  ];
  return lines.map((line) => `${escapeControls(line)}\n`).join('');
}

function behind({ login }: NonNullable<Answer['caller']>): string {
  if (login === null) return '';
  return process.env['SUDO_UID'] === undefined ? `, logged in as ${login}` : `, by sudo from ${login}`;
}

function landing({ daemon, verdict, code, home: pm2Home }: NonNullable<Answer['caller']>): string {
  if (code === 'PG002') return `exempt, left alone in ${pm2Home}`;
  if (code === 'PG003') return `only observed, left alone in ${pm2Home}`;
  if (code === 'PG004') return `PM2_GUARD=off, left alone in ${pm2Home}`;
  switch (verdict) {
    case 'pass':
      return `calls that name no app go to daemon ${daemon ?? ''}, as they are`;
    case 'rewrite':
      return `calls that name no app go to daemon ${daemon ?? ''}`;
    case 'block':
      return `calls that name no app are blocked (${code})`;
  }
}
