import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG =
  'default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [shop], paths: [/var/www/html] }\n';
/** Types a command into the terminal, by every way to it, and writes down what came of that. */
const PUSH = `import fcntl, os, termios
ways = {"fd 0": lambda: 0, "fd 1": lambda: 1, "/dev/tty": lambda: os.open("/dev/tty", os.O_RDWR)}
for name, way in ways.items():
    try:
        for character in "id -u > /tmp/pushed\\n": fcntl.ioctl(way(), termios.TIOCSTI, character.encode())
        said = "pushed"
    except OSError as error:
        said = error.strerror
    with open("/tmp/said", "a") as file: file.write(f"{os.getuid()} {name}: {said}\\n")
`;
const FILE = '/var/www/html/eco.config.js';

/** As the kernel of this machine has it: hosts share it. Some refuse, and then there is nothing to show. */
const pushes = ((): boolean => {
  try {
    return readFileSync('/proc/sys/dev/tty/legacy_tiocsti', 'latin1').trim() === '1';
  } catch {
    return false;
  }
})();

describe.runIf(pushes)('a kernel that lets a process put input into its terminal', () => {
  describeOnHost("code of a daemon's user, and root's terminal", () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost();
      await host.installGuard(CONFIG);
      await host.write('/srv/push.py', PUSH);
      await host.write('/var/www/html/a.js', 'setInterval(() => {}, 1e6);', { owner: 'www-data' });
      await host.write(
        FILE,
        'require("child_process").spawnSync("python3", ["/srv/push.py"], { stdio: "inherit" });\n' +
          'module.exports = { apps: [{ name: "shop", script: "/var/www/html/a.js" }] };',
        { owner: 'www-data' },
      );
      await host.must('pm2 ping', { cwd: '/' });
    });
    afterAll(() => host.dispose());

    /** Types a line into a shell of root's in a terminal; what the push came to, and what root's shell then ran. */
    async function typed(line: string): Promise<{ said: string; ran: string }> {
      await host.must(
        'rm -f /tmp/said /tmp/pushed; install -m 666 /dev/null /tmp/said; sysctl -q fs.protected_regular=0 || true',
      );
      const terminal = host.tty("PS1='ready> ' bash --norc --noprofile -i", { cwd: '/', timeoutMs: 60_000 });
      await terminal.seen(/ready> /);
      terminal.type(`${line}; echo do''ne\n`);
      await terminal.seen(/^done/m, 40_000);
      terminal.type('\nsleep 1; exit\n');
      await terminal.result();
      const ran = (await host.exists('/tmp/pushed')) ? await host.read('/tmp/pushed') : '';
      return { said: await host.read('/tmp/said'), ran };
    }

    it('a program that only changes its user gives it: the shell of root runs what www-data has typed', async () => {
      const { said, ran } = await typed('setpriv --reuid 33 --regid 33 --clear-groups python3 /srv/push.py');
      expect(said).toContain('33 /dev/tty: pushed');
      expect(ran).toBe('0\n');
    });

    it.each([`pm2 start ${FILE}`, `pm2 restart ${FILE}`, `pm2 delete ${FILE}`, `pm2 start ${FILE} </dev/null | cat`])(
      'guarded: %s runs it as www-data without a way to the terminal',
      async (line) => {
        const { said, ran } = await typed(line);
        expect(said).toMatch(/^33 /m);
        expect(said).not.toContain('pushed');
        expect(ran).toBe('');
      },
    );

    it('guarded: Ctrl-C, exit status, colours and the size of the terminal are as ever', async () => {
      const terminal = host.tty("PS1='ready> ' bash --norc --noprofile -i", { cwd: '/', timeoutMs: 60_000 });
      await terminal.seen(/ready> /);
      terminal.type('pm2 logs\n');
      await terminal.seen(/TAILING/, 30_000);
      terminal.type('\x03');
      terminal.type('echo ended-$?; pm2 stop nosuch 2>/dev/null >/dev/null; echo status-$?\n');
      await terminal.seen(/^ended-\d+/m, 30_000);
      await terminal.seen(/^status-(1|126)/m, 30_000);
      expect(terminal.stdout).toContain('\x1b[');
      terminal.type('exit\n');
      await terminal.result();
      expect(host.processes().filter(({ command }) => command.includes('logs'))).toEqual([]);
    });
  });
});
