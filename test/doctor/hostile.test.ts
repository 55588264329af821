import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../host/describe.ts';
import { createHost, type Host } from '../host/host.ts';
import { DOCTOR, findings } from './doctor.ts';

const HOME = '/home/kim/.pm2';
const fix = `${DOCTOR} --fix --yes --json`;

/** Everything that kim could want: what is root's, beside the home and in it. */
describeOnHost('a hostile home', () => {
  let host: Host;
  let outside = '';
  /** Owner, mode, size and content of all that is not kim's home. */
  const outsideNow = () => host.must('find /home/root-only /etc/passwd /etc/shadow /etc/modules /etc -maxdepth 1 -printf "%p %u %g %m %s\\n" 2>/dev/null | sort -u; cat /home/root-only/*');
  const kim = (commandLine: string) => host.must(commandLine, { user: 'kim' });
  const fixed = async () => JSON.parse((await host.run(fix, { timeoutMs: 60_000 })).stdout) as { done: { path: string; left: string | null }[] };
  beforeAll(async () => {
    host = await createHost({ users: ['kim'] });
    await host.must('mkdir /home/root-only && for name in dump.pm2 app.log module_conf.json; do echo secret > /home/root-only/$name; done');
    outside = await outsideNow();
  });
  afterAll(async () => {
    const after = await outsideNow();
    await host.dispose();
    expect(after).toBe(outside);
  });

  it('that is a link to where root\'s files are', async () => {
    await kim(`ln -s /etc ${HOME}`);
    expect((await findings(host)).filter(({ subject }) => subject.home === HOME)).toMatchObject([{ code: 'PD313', fix: null }]);
    expect((await fixed()).done).toEqual([]);
    await kim(`rm ${HOME}`);
  });

  it('with links, second names of root\'s files, FIFOs, a huge list, and a hundred thousand logs', async () => {
    await kim(`mkdir -p ${HOME}/logs && ln -s /etc ${HOME}/pids && ln -s /home/root-only/dump.pm2 ${HOME}/dump.pm2 && mkfifo ${HOME}/pm2.log ${HOME}/pm2.pid && truncate -s 100G ${HOME}/dump.pm2.bak && ln -s . ${HOME}/logs/loop`);
    await kim(`cd ${HOME}/logs && seq -f 'app-%06.0f.log' 100000 | xargs touch`);
    await host.must(`ln /home/root-only/module_conf.json ${HOME}/module_conf.json && mkdir ${HOME}/modules && touch ${HOME}/touch`);
    const started = performance.now();
    const found = (await findings(host)).filter(({ subject }) => subject.home === HOME);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(found.find(({ code }) => code === 'PD313')?.evidence).toEqual([
      'pm2.pid is a FIFO: whoever opens it waits', 'pm2.log is a FIFO: whoever opens it waits',
      'module_conf.json is another name of a file that root owns', 'dump.pm2 is a link to /home/root-only/dump.pm2',
    ]);
    const { done } = await fixed();
    expect(done).toMatchObject([{ path: `${HOME}/touch`, left: null }, { path: `${HOME}/modules`, left: null }]);
    expect((await host.tree(`${HOME}/touch`)).map(({ owner }) => owner)).toEqual(['kim']);
  });

  it('whose directories are exchanged for links while root repairs it', async () => {
    await kim(`rm -rf ${HOME}/* && mkdir ${HOME}/logs && ln -s /home/root-only ${HOME}/trap`);
    await host.must(`touch ${HOME}/logs/app.log ${HOME}/module_conf.json`);
    // As fast as one can: logs is now a directory, now a link; and so is the home, and a file.
    await host.write('/home/kim/exchange.js', `
      const { renameSync, symlinkSync, rmSync, mkdirSync } = require('node:fs');
      const attempt = (action) => { try { action(); } catch {} };
      symlinkSync('/home/root-only', '/home/kim/trap');
      symlinkSync('/home/root-only/module_conf.json', '/home/kim/.pm2/file');
      for (const end = Date.now() + 3000; Date.now() < end;) {
        for (const [a, b, c] of [['.pm2/logs', '.pm2/logs.real', '.pm2/trap'], ['.pm2', '.pm2.real', 'trap'], ['.pm2/module_conf.json', '.pm2/conf.real', '.pm2/file']]) {
          attempt(() => renameSync(a, b)); attempt(() => renameSync(c, a)); attempt(() => renameSync(a, c)); attempt(() => renameSync(b, a));
        }
      }`, { owner: 'kim' });
    const racing = host.run('node exchange.js', { user: 'kim', cwd: '/home/kim' });
    const race = { over: false };
    void racing.then(() => { race.over = true; });
    let rounds = 0;
    while (!race.over) {
      await host.run(fix);
      await host.must(`chown -h root ${HOME}/logs/app.log ${HOME}/module_conf.json || true`, { cwd: '/' });
      rounds += 1;
    }
    expect(await racing).toMatchObject({ status: 0 });
    expect(rounds).toBeGreaterThan(1);
    expect(await outsideNow()).toBe(outside);
  });
});
