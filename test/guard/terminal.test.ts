import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp]
`;

/** A shell of carol's in a real terminal (tmux). */
class Terminal {
  constructor(private readonly host: Host) {}

  async open(path: string): Promise<void> {
    await this.host.must(
      `tmux -L t kill-server 2>/dev/null; PATH=${path} tmux -L t -f /dev/null new-session -d -x 140 -y 40 ` +
        `"PS1='ready> ' bash --norc -i"`,
      { user: 'carol' },
    );
    await this.sees(/ready>/);
  }

  async type(...keys: string[]): Promise<void> {
    await this.host.must(`tmux -L t send-keys ${keys.map((key) => `'${key}'`).join(' ')}`, { user: 'carol' });
  }

  async sees(pattern: RegExp): Promise<string> {
    for (const deadline = Date.now() + 15_000; ;) {
      const screen = await this.host.must('tmux -L t capture-pane -p', { user: 'carol' });
      if (pattern.test(screen)) return screen;
      if (Date.now() > deadline) throw new Error(`never saw ${String(pattern)} on:\n${screen}`);
      await setTimeout(100);
    }
  }

  /** The shell answers again, and no pm2 of the call is left. */
  async isFree(marker: string): Promise<void> {
    await this.type(`echo ${marker}-$?`, 'Enter');
    await this.sees(new RegExp(`^${marker}-\\d+$`, 'm'));
    await expect
      .poll(
        () =>
          this.host
            .processes()
            .map(({ command }) => command)
            .filter((command) => /(pm2|sudo).*(monit|logs)/.test(command)),
        { timeout: 5000 },
      )
      .toEqual([]);
  }
}

for (const [way, path, call] of [
  ['pm2, which asks sudo', '/usr/local/bin:/usr/bin:/bin', 'pm2'],
  ['sudo pm2, through the sudo shim', '/usr/local/lib/pm2-guard/bin:/usr/local/bin:/usr/bin:/bin', 'sudo pm2'],
] as const) {
  describeOnHost(`in a real terminal: ${way}`, () => {
    let host: Host;
    let terminal: Terminal;
    beforeAll(async () => {
      host = await createHost({ node: '22', users: ['carol'] });
      await host.installGuard(CONFIG);
      await host.write(
        '/etc/sudoers.d/carol',
        'carol ALL=(www-data) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2\n',
        { mode: '440' },
      );
      await host.must('pm2 ping', { cwd: '/' });
      terminal = new Terminal(host);
      await terminal.open(path);
    });
    afterAll(async () => {
      await host.run('tmux -L t kill-server', { user: 'carol' });
      await host.dispose();
    });

    it('pm2 monit draws its screen, takes keys and gives the terminal back', async () => {
      await terminal.type(`${call} monit`, 'Enter');
      await terminal.sees(/Process List/);
      await terminal.type('C-c');
      await terminal.sees(/ready> *$/m);
      await terminal.isFree('monit');
    });

    it('pm2 logs: Ctrl-Z stops it, fg goes on, Ctrl-C ends it', async () => {
      await terminal.type('clear', 'Enter');
      await terminal.type(`${call} logs`, 'Enter');
      await terminal.sees(/TAILING/);
      await terminal.type('C-z');
      await terminal.sees(/Stopped/);
      await terminal.type('fg', 'Enter');
      await terminal.sees(/fg[^]*logs/);
      await terminal.type('C-c');
      await terminal.sees(/ready> *$/m);
      await terminal.isFree('logs');
    });
  });
}
