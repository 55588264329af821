import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../bundle.mjs';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { DOCTOR, findings } from './doctor.ts';

const HOME = '/home/kim/.pm2';
const built = mkdtempSync(join(tmpdir(), 'pg-mend-'));
const fix = `${DOCTOR} --fix --yes --json`;

/** Everything that kim could want: what is root's, beside the home and in it. */
describeOnHost('a hostile home', () => {
  let host: Host;
  let outside = '';
  /** Owner, mode, size and content of all that is not kim's home. */
  const outsideNow = () =>
    host.must(
      'find /home/root-only /etc/passwd /etc/shadow /etc/modules /etc -maxdepth 1 -printf "%p %u %g %m %s\\n" ' +
        '2>/dev/null | sort -u; cat /home/root-only/*',
    );
  const kim = (commandLine: string) => host.must(commandLine, { user: 'kim' });
  const fixed = async () =>
    JSON.parse((await host.run(fix, { timeoutMs: 60_000 })).stdout) as {
      done: { path: string; left: string | null }[];
    };
  beforeAll(async () => {
    host = await createHost({ users: ['kim'] });
    await host.must(
      'mkdir /home/root-only && for name in dump.pm2 app.log module_conf.json; do echo secret > ' +
        '/home/root-only/$name; done',
    );
    outside = await outsideNow();
    await bundle({ mend: 'test/doctor/mend-findings.ts' }, built);
    await host.write('/tmp/mend.cjs', readFileSync(join(built, 'mend.cjs')));
  });
  afterAll(async () => {
    const after = await outsideNow();
    await host.dispose();
    rmSync(built, { recursive: true });
    expect(after).toBe(outside);
  });

  it("that is a link to where root's files are", async () => {
    await kim(`ln -s /etc ${HOME}`);
    expect((await findings(host)).filter(({ subject }) => subject.home === HOME)).toMatchObject([
      { code: 'PD313', fix: null },
    ]);
    expect((await fixed()).done).toEqual([]);
    await kim(`rm ${HOME}`);
  });

  it("with links, second names of root's files, FIFOs, a huge list, and a hundred thousand logs", async () => {
    await kim(
      `mkdir -p ${HOME}/logs && ln -s /etc ${HOME}/pids && ln -s /home/root-only/dump.pm2 ${HOME}/dump.pm2 && ` +
        `mkfifo ${HOME}/pm2.log ${HOME}/pm2.pid && truncate -s 100G ${HOME}/dump.pm2.bak && ln -s . ${HOME}/logs/loop`,
    );
    await kim(`cd ${HOME}/logs && seq -f 'app-%06.0f.log' 100000 | xargs touch`);
    await host.must(
      `ln /home/root-only/module_conf.json ${HOME}/module_conf.json && mkdir ${HOME}/modules && touch ${HOME}/touch`,
    );
    const started = performance.now();
    const found = (await findings(host)).filter(({ subject }) => subject.home === HOME);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(found.find(({ code }) => code === 'PD313')?.evidence).toEqual([
      'pm2.pid is a FIFO: a program that opens it waits',
      'pm2.log is a FIFO: a program that opens it waits',
      'module_conf.json is another name of a file that root owns',
      'dump.pm2 is a link to /home/root-only/dump.pm2',
    ]);
    const { done } = await fixed();
    expect(done).toMatchObject([
      { path: `${HOME}/touch`, left: null },
      { path: `${HOME}/modules`, left: null },
    ]);
    expect((await host.tree(`${HOME}/touch`)).map(({ owner }) => owner)).toEqual(['kim']);
  });

  // A race that is won at the very last moment, each time: the findings are of before, the file system is of after.
  const exchanges: [what: string, exchange: string, why: Record<string, string>][] = [
    [
      'its directory for a link',
      `mv ${HOME}/logs ${HOME}/away && ln -s /home/root-only ${HOME}/logs`,
      { 'logs/app.log': 'a symbolic link is on the way to it' },
    ],
    [
      'itself for a link',
      `mv ${HOME} ${HOME}.away && ln -s /home/root-only ${HOME}`,
      { '': 'a symbolic link is on the way to it' },
    ],
    [
      'itself for another directory',
      `mv ${HOME} ${HOME}.away && mkdir ${HOME}`,
      { '': 'the PM2_HOME is another directory by now' },
    ],
    [
      'a file for a link',
      `mv ${HOME}/module_conf.json ${HOME}/away && ln -s /home/root-only/module_conf.json ${HOME}/module_conf.json`,
      { 'module_conf.json': 'it is a symbolic link' },
    ],
    [
      "a file for another of root's",
      `mv ${HOME}/module_conf.json ${HOME}/away && mv ${HOME}/other ${HOME}/module_conf.json`,
      { 'module_conf.json': 'it is another file by now' },
    ],
    [
      'a file for a FIFO',
      `mv ${HOME}/module_conf.json ${HOME}/away && mkfifo ${HOME}/module_conf.json`,
      { 'module_conf.json': 'it is another file by now' },
    ],
    ['nothing, but a second name was given to a file', '', { 'module_conf.json': 'it has another name elsewhere' }],
  ];
  it.each(exchanges)('that has exchanged %s before root acts', async (what, exchange, why) => {
    await host.must(
      `rm -rf ${HOME} ${HOME}.away && install -d -o kim ${HOME} ${HOME}/logs && touch ${HOME}/logs/app.log ` +
        `${HOME}/module_conf.json ${HOME}/other`,
    );
    const found = (await findings(host)).filter(({ fix: one }) => one?.pm2Home === HOME);
    expect(found).toMatchObject([{ code: 'PD303' }]);
    if (exchange !== '') await kim(exchange);
    else await host.must(`ln ${HOME}/module_conf.json /home/second-name`);
    const done = JSON.parse(await host.must('node /tmp/mend.cjs', { input: JSON.stringify(found) })) as {
      path: string;
      left: string | null;
    }[];
    for (const { path, left } of done) {
      const name = path.slice(HOME.length + 1);
      expect([what, name, left]).toEqual([what, name, why[name] ?? why[''] ?? null]);
    }
    expect(done).toHaveLength(2);
    expect(await outsideNow()).toBe(outside);
    const other = await host.must(
      `find ${HOME} ${HOME}.away /home/second-name -name other -printf %u -o -name second-name -printf %u ` +
        '2>/dev/null || true',
    );
    expect(other.replaceAll('root', '')).toBe('');
    await host.must('rm -f /home/second-name');
  });
});
