import type { Host } from '../harness/host.ts';

/** What a command that sudo ran saw of itself. */
export interface Seen {
  uid: number;
  gid: number;
  cwd: string;
  env: Record<string, string>;
  argv: string[];
}

/** One call of the real sudo. */
export interface Outcome {
  /** null: sudo ran no command. */
  seen: Seen | null;
  stderr: string;
}

export const RECORDER = '/usr/local/bin/pm2';

// perl starts in 3 ms. Fields end with NUL, which is in no argument and in no variable.
const SCRIPT = `#!/usr/bin/perl
chomp(my $cwd = \`/bin/pwd -P\`);
my @env = map { "$_=$ENV{$_}" } sort keys %ENV;
print join("\\0", "RAN", $>, $) + 0, $cwd, scalar(@env), @env, @ARGV), "\\0";
`;

// Each line of its input is a JSON list of words; each line of its output what came of \`sudo\` with them.
const DRIVER = `
const { spawnSync } = require('node:child_process');
for (const line of require('node:fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean)) {
  const options = { encoding: 'utf8', input: '', timeout: 20000 };
  const { stdout, stderr } = spawnSync(process.argv[2], JSON.parse(line), options);
  console.log(JSON.stringify({ stdout, stderr: stderr.slice(0, 200) }));
}
`;

/** On a host: a recording command for pm2 and for the shells of all users, and sudoers that allow every option. */
export async function installRecorder(host: Host): Promise<void> {
  await host.write(RECORDER, SCRIPT, { mode: '755' });
  await host.write('/srv/driver.cjs', DRIVER);
  await host.must(
    `for user in root ops www-data deploy; do usermod --shell ${RECORDER} $user; done; install -d -m 755 ` +
      '/srv/elsewhere',
  );
  await host.write(
    '/etc/sudoers.d/deploy',
    'Defaults closefrom_override, user_command_timeouts\ndeploy ALL=(ALL:ALL) CWD=* CHROOT=* NOPASSWD: ALL\n',
    { mode: '440' },
  );
}

/** What comes of each line, typed by deploy in /srv. Several drivers at once: sudo mostly waits. */
export async function recordAll(
  host: Host,
  lines: readonly (readonly string[])[],
  env: Record<string, string>,
  sudo = '/usr/bin/sudo',
): Promise<Outcome[]> {
  const drivers = 3;
  const parts = await Promise.all(
    Array.from({ length: drivers }, async (_, driver) => {
      const input = lines
        .filter((__, index) => index % drivers === driver)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join('');
      const { stdout, stderr, status } = await host.exec(['/usr/bin/node', '/srv/driver.cjs', sudo], {
        user: 'deploy',
        cwd: '/srv',
        env,
        input,
        timeoutMs: 3_600_000,
      });
      if (status !== 0) throw new Error(`the driver failed: ${stderr}`);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => outcomeOf(JSON.parse(line) as { stdout: string; stderr: string }));
    }),
  );
  return lines.map(
    (_, index) =>
      parts[index % drivers]?.[Math.floor(index / drivers)] ?? { seen: null, stderr: 'the driver did not answer' },
  );
}

function outcomeOf({ stdout, stderr }: { stdout: string; stderr: string }): Outcome {
  const [ran, uid, gid, cwd = '', count, ...rest] = stdout.split('\0').slice(0, -1);
  if (ran !== 'RAN') return { seen: null, stderr };
  const entries = rest
    .slice(0, Number(count))
    .map((entry): [string, string] => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
  // Every sh, and so the shim, sets PWD to the directory that it is in.
  const env = Object.fromEntries(entries.filter(([name]) => name !== 'PWD'));
  return { seen: { uid: Number(uid), gid: Number(gid), cwd, env, argv: rest.slice(Number(count)) }, stderr };
}
