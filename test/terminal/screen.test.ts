import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG } from '../traps/twins.ts';

const COMMAND = /^\s*((run|then|or|next|more):?\s+\S|(sudo|pm2-guard|pm2) )/;
const PAGES = ['PG101', 'PG109', 'PD101', 'PL001', 'T01'].map((code) => `pm2-guard explain ${code}`);
const HELPS = ['', 'verify', 'doctor', 'explain', 'adopt', 'lint'].map((name) => `pm2-guard ${name} --help`);
const COMMANDS = ['pm2-guard status', 'pm2-guard doctor', 'pm2-guard verify --user www-data', ...PAGES, ...HELPS];

describeOnHost('in a real terminal (tmux)', () => {
  let host: Host;
  let screens = 0;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('mkdir -p /root/an-app-with-a-rather-long-name-of-its-own');
    await host.write('/root/an-app-with-a-rather-long-name-of-its-own/index.js', 'setInterval(() => {}, 1000);\n');
    await host.must(
      'PM2_GUARD=off pm2 start /root/an-app-with-a-rather-long-name-of-its-own/index.js --name ' +
        'an-app-with-a-rather-long-name',
    );
  });
  afterAll(() => host.dispose());

  /** What a command leaves on a screen of that many columns: lines as the program wrote them, with colours if asked. */
  async function screen(command: string, columns: number, colours = false, environment = ''): Promise<string[]> {
    const tmux = `tmux -L screen-${screens++}`; // a server that ends still has its socket for a moment
    const typed = `${environment} ${command}; echo "--end--"; sleep 60`;
    await host.must(`${tmux} -f /dev/null new-session -d -x ${columns} -y 900 ${JSON.stringify(typed)}`);
    try {
      for (;;) {
        // -J joins what the terminal broke.
        const text = await host.must(`${tmux} capture-pane -p -J ${colours ? '-e' : ''}`);
        const end = text.indexOf('--end--');
        if (end >= 0)
          return text
            .slice(0, end)
            .split('\n')
            .map((line) => line.trimEnd());
        await sleep(200);
      }
    } finally {
      await host.must(`${tmux} kill-server`);
    }
  }

  for (const columns of [80, 120])
    for (const command of COMMANDS)
      it(`${command}: at ${columns} columns only a command may be longer than the line`, async () => {
        const lines = await screen(command, columns);
        expect(lines.filter((line) => line.length > columns && !COMMAND.test(line))).toEqual([]);
        expect(lines.length).toBeGreaterThan(4);
      });

  it('uses what a wider terminal has', async () => {
    for (const command of ['pm2-guard doctor', 'pm2-guard verify --help']) {
      const [narrow, wide] = [await screen(command, 80), await screen(command, 120)];
      expect(wide.length).toBeLessThan(narrow.length);
      expect(Math.max(...wide.map(({ length }) => length))).toBeGreaterThan(100);
    }
  });

  it('a table has its borders at both widths', async () => {
    for (const columns of [80, 120])
      for (const command of ['pm2-guard doctor', 'pm2-guard verify --user www-data']) {
        const table = (await screen(command, columns)).filter((line) => /^[┌│├└]/.test(line));
        expect(table.length).toBeGreaterThan(3);
        expect(new Set(table.map(({ length }) => length)).size).toBe(1);
      }
  });

  it('status has colours, but not with NO_COLOR and not in a pipe', async () => {
    const escape = (lines: readonly string[]) => lines.filter((line) => line.includes('\u001b['));
    const coloured = escape(await screen('pm2-guard status', 80, true));
    expect(coloured.filter((line) => line.includes('guarded')).length).toBeGreaterThan(0);
    expect(coloured.find((line) => line.startsWith('daemon'))).toContain('down');
    expect(escape(await screen('pm2-guard status', 80, true, 'NO_COLOR=1'))).toEqual([]);
    expect(escape(await screen('pm2-guard status | cat', 80, true))).toEqual([]);
  });

  it('without a terminal no line is wrapped', async () => {
    const { stdout } = await host.run('pm2-guard explain PG109');
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeGreaterThan(120);
  });
});
