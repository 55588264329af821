import { describe, expect, it } from 'vitest';
import { findings } from './linting.ts';

const WEB = 'daemons:\n  web: { user: www-data, home: /srv/pm2, apps: [myapp] }\n';
const RESTART = 'ExecStartPre=/usr/bin/pm2 restart myapp';
const UNIT = `[Unit]\nDescription=app\n[Service]\n${RESTART}\n`;
const AS_WEB = '[Service]\nUser=www-data\n';
const AT_WEB = '[Service]\nEnvironment=PM2_HOME=/srv/pm2\n';

/** `FILE:LINE SEVERITY CODE`. */
async function said(files: Record<string, string>): Promise<string[]> {
  const found = await findings(files, WEB);
  return found.map(({ file, line, severity, code }) => `${file.replace(/^.*\/in\//, '')}:${line} ${severity} ${code}`);
}

describe('a unit and its drop-ins', () => {
  it('without the drop-in the unit runs as root', async () => {
    expect(await said({ 'app.service': UNIT })).toEqual(['app.service:4 wrong PL001']);
  });
  it('a drop-in says who runs it, and with which PM2_HOME', async () => {
    const files = { 'app.service': UNIT, 'app.service.d/user.conf': AS_WEB, 'app.service.d/where.conf': AT_WEB };
    expect(await said(files)).toEqual([]);
    expect(await said({ ...files, 'app.service.d/where.conf': '' })).toEqual(['app.service:4 wrong PL002']);
  });
  it('a drop-in adds a command to what the unit says', async () => {
    const main = '[Service]\nUser=www-data\nEnvironment="PM2_HOME=/srv/pm2"\nExecStart=/usr/bin/node x.js\n';
    expect(await said({ 'app.service': main, 'app.service.d/a.conf': `[Service]\n${RESTART}\n` })).toEqual([]);
    const files = { 'app.service': main, 'app.service.d/a.conf': `[Service]\nUser=ops\n${RESTART}\n` };
    expect(await said(files)).toEqual(['app.service.d/a.conf:3 wrong PL001']);
  });
  it('the last one by name counts', async () => {
    const files = {
      'app.service': `${UNIT}User=www-data\nEnvironment=PM2_HOME=/srv/pm2\n`,
      'app.service.d/20.conf': '[Service]\nUser=\n',
      'app.service.d/10.conf': '[Service]\nUser=ops\n',
    };
    const [one, ...others] = await findings(files, WEB);
    expect(others).toEqual([]);
    expect(one).toMatchObject({ code: 'PL001', severity: 'wrong' });
    expect(one?.why).toContain('runs as root');
  });
  it('an empty assignment takes back what stood before', async () => {
    const files = { 'app.service': UNIT, 'app.service.d/a.conf': '[Service]\nExecStartPre=\nExecStartPre=/bin/true\n' };
    expect(await said(files)).toEqual([]);
  });
  it('a drop-in without its unit: the user cannot be told', async () => {
    expect(await said({ 'app.service.d/a.conf': `[Service]\n${RESTART}\n` })).toEqual([
      'app.service.d/a.conf:2 unknown PL024',
    ]);
    expect(
      await said({ 'x.sh': `cat > /etc/systemd/system/app.service.d/a.conf <<EOF\n[Service]\n${RESTART}\nEOF\n` }),
    ).toEqual(['x.sh:3 unknown PL024']);
  });
  it('drop-ins of a template, of a prefix and of all services', async () => {
    for (const directory of ['app@.service.d', 'service.d'])
      expect(
        await said({ 'app@web.service': UNIT, [`${directory}/a.conf`]: AS_WEB, 'service.d/b.conf': AT_WEB }),
      ).toEqual([]);
    expect(
      await said({ 'app-web.service': UNIT, 'app-.service.d/a.conf': AS_WEB, 'service.d/b.conf': AT_WEB }),
    ).toEqual([]);
    expect(await said({ 'app.service': UNIT, 'other.service.d/a.conf': AS_WEB })).toEqual([
      'app.service:4 wrong PL001',
    ]);
  });
  it('the drop-ins in /etc are those of a unit in /usr/lib; a unit in /etc replaces it', async () => {
    const there = { 'usr/lib/systemd/system/app.service': UNIT };
    const dropIns = {
      'etc/systemd/system/app.service.d/a.conf': AS_WEB,
      'run/systemd/system/app.service.d/b.conf': AT_WEB,
    };
    expect(await said({ ...there, ...dropIns })).toEqual([]);
    expect(await said({ ...there, 'etc/systemd/system/app.service': '[Service]\nExecStart=/bin/true\n' })).toEqual([]);
    expect(await said(there)).toEqual(['usr/lib/systemd/system/app.service:4 wrong PL001']);
  });
});
