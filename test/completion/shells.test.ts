import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host, type RunOptions } from '../harness/host.ts';

const CONFIG = `default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp, "my shop", "a:b", "$(touch /tmp/by-name)"]
  ops:
    user: ops
    apps: [backup]
`;

/**
 * In a shell of that kind, what TAB would offer behind `pm2-guard` and these words, sorted; as they would be
 * inserted.
 */
type Ask = (words: string[], options?: RunOptions) => Promise<string[]>;

describeOnHost('completion in the shells', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('mkdir /srv/work && touch /srv/work/draft.yaml /srv/work/other.txt');
  });
  afterAll(() => host.dispose());

  const lines = async (argv: string[], options: RunOptions): Promise<string[]> => {
    const result = await host.exec(argv, { cwd: '/srv/work', user: 'alice', ...options });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    return result.stdout
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  };

  // As bash calls it: bash-completion loads the script by its name, the words are split at the characters of
  // COMP_WORDBREAKS.
  const inBash: Ask = (words, options = {}) => {
    const line = ['pm2-guard', ...words].join(' ');
    const split = [
      'pm2-guard',
      ...words.flatMap((word) => (word === '' ? [''] : word.split(/([=:])/).filter((part) => part !== ''))),
    ];
    return lines(
      [
        'bash',
        '-c',
        `. /usr/share/bash-completion/bash_completion
      COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:' COMP_LINE=$1 COMP_POINT=\${#1} COMP_TYPE=9; shift
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      __load_completion pm2-guard && complete -p pm2-guard > /dev/null && _pm2_guard
      printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        line,
        ...split,
      ],
      options,
    );
  };
  const inFish: Ask = async (words, options = {}) => {
    const shown = await lines(
      [
        'fish',
        '-c',
        'set -q BARE_PATH; and set PATH /usr/bin /bin; complete -C $argv[1]',
        `pm2-guard ${words.join(' ')}`,
      ],
      options,
    );
    return shown.map((line) => line.split('\t')[0] ?? '');
  };

  for (const [shell, ask] of [
    ['bash', inBash],
    ['fish', inFish],
  ] as const) {
    it(`${shell}: commands, options, choices, files`, async () => {
      expect(await ask(['unin'])).toEqual(['uninstall']);
      expect(await ask(['install', '--dr'])).toEqual(['--dry-run']);
      expect(await ask(['log', '--verdict', 'b'])).toEqual(['block', 'bypass']);
      expect(await ask(['check', 'dr'])).toEqual(['draft.yaml']);
      expect(await ask(['log', ''])).toEqual([]);
    });

    it(`${shell}: names of the config, quoted where they have to be`, async () => {
      expect(await ask(['log', '--app', 'my'])).toEqual([shell === 'bash' ? 'my\\ shop' : 'my shop', 'myapp']);
      expect(await ask(['explain', '--', 'pm2', 'restart', 'back'])).toEqual(['backup']);
      expect(await ask(['explain', '--as', 'www'])).toEqual(['www-data']);
      expect(await ask(['explain', '--', 'sudo', 'pm2', 'resta'])).toEqual(['restart']);
    });

    it(`${shell}: behind = and :`, async () => {
      // bash replaces what follows the last of the two only
      expect(await ask(['log', '--verdict=bl'])).toEqual([shell === 'bash' ? 'block' : '--verdict=block']);
      expect(await ask(['log', '--app', 'a:'])).toEqual([shell === 'bash' ? 'b' : 'a:b']);
    });

    it(`${shell}: runs no typed or configured text, and prints nothing without pm2-guard`, async () => {
      await ask(['explain', '$(touch /tmp/typed)', '`touch /tmp/typed`', '']);
      await ask(['explain', '$(touch /tmp/typed)']);
      await ask(['log', '--app', '']);
      expect(await host.run('ls /tmp/typed /tmp/by-name')).toMatchObject({ status: 2, stdout: '' });
      expect(await ask(['unin'], { env: { PATH: '/usr/bin:/bin', BARE_PATH: 'yes' } })).toEqual([]);
    });
  }

  // The names are quoted by the shell as it inserts them: a real terminal shows it.
  it.each([
    ['bash', 'bash --norc -i', '. /usr/share/bash-completion/bash_completion\r'],
    ['zsh', 'zsh -f -i', 'autoload -Uz compinit && compinit -u -D\r'],
    ['fish', 'fish', ''],
  ])('%s, on a terminal', async (_, shell, prepare) => {
    const terminal = host.tty(shell, { user: 'alice', cwd: '/srv/work', env: { PS1: '> ' } });
    terminal.type(`${prepare}echo re''ady\r`);
    await terminal.seen(/^\s*ready/m);
    // What the line has become, word for word.
    terminal.type('pm2-guard log --app back\t--verd\tbl\t');
    terminal.type(`\x01printf '<%s>' \x05\r`);
    await terminal.seen(/<pm2-guard><log><--app><backup><--verdict><block>/);
    terminal.type('pm2-guard explain -- pm2 stop my\\ s\t');
    terminal.type(`\x01printf '<%s>' \x05\r`);
    await terminal.seen(/<pm2><stop><my shop>/);
    terminal.type('pm2-guard log --app \t\t\x15');
    terminal.type('pm2-guard explain "$(touch /tmp/typed)" "\t');
    terminal.type('\x15echo do""ne\r');
    await terminal.seen(/done/);
    expect(await host.run('ls /tmp/typed /tmp/by-name')).toMatchObject({ status: 2, stdout: '' });
    terminal.type('exit\r');
    await terminal.result();
  });

  it('completion prints the scripts, and each shell reads them without a complaint', async () => {
    for (const [shell, load] of [
      ['bash', 'bash --norc'],
      ['zsh', 'zsh -f'],
      ['fish', 'fish --no-config'],
    ] as const) {
      const script = await host.must(`pm2-guard completion ${shell}`, { user: 'alice' });
      await host.write(`/srv/script.${shell}`, script);
      const [prefix, shown] =
        shell === 'bash'
          ? ['', 'complete -p pm2-guard']
          : shell === 'zsh'
            ? ['autoload -Uz compinit; compinit -u -D; ', 'print $_comps[pm2-guard]']
            : ['', 'complete -c pm2-guard'];
      const result = await host.run(`${load} -c '${prefix}source /srv/script.${shell}; ${shown}'`, { user: 'alice' });
      expect(result).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('pm2_guard') as string });
    }
    expect(await host.run('pm2-guard completion csh')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('Allowed choices are bash, zsh, fish') as string,
    });
  });
});
