import { describe, expect, it } from 'vitest';
import { accountByName } from '../../src/identity/accounts.ts';
import { rules } from '../../src/lint/rules/rules.ts';
import { findings, said } from './linting.ts';

const WEB = 'daemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [myapp, api] }\n';
const TWO = `${WEB}  ops: { user: ops, home: /home/ops/.pm2, apps: [backup] }\n`;

/** How the code of a page becomes a file. */
const pages: Record<
  string,
  { name?: string; config?: string; wrap?: (text: string) => string; also?: Record<string, string> }
> = {
  PL001: { config: WEB },
  PL002: { config: WEB },
  PL003: { config: WEB },
  PL004: { config: TWO },
  PL012: { name: 'package.json', wrap: (text) => `{ ${text} }` },
  PL016: { config: WEB },
  PL019: { name: 'x.cron', wrap: (text) => text.replace(/^(?!@)/, '@daily ') },
  PL021: {
    name: 'ci.yml',
    wrap: (text) =>
      text.startsWith('jobs')
        ? `on: push\n${text}`
        : `on: push\njobs:\n  a:\n    runs-on: self-hosted\n    steps:\n${text}`,
  },
  PL023: { also: { 'package.json': '{"scripts": {"deploy": "pm2 reload myapp"}}' } },
};

describe('the page of each rule', () => {
  for (const { code, page } of rules) {
    const { name = 'x.sh', config = null, wrap = (text: string) => text, also = {} } = pages[code] ?? {};
    const codes = async (text: string) =>
      (await findings({ ...also, [name]: `${wrap(text)}\n` }, config)).map((one) => one.code);
    it(`${code}: the problematic code has the finding`, async () => {
      const cannotTell = code === 'PL024' ? WEB : config;
      expect(
        (await findings({ ...also, [name]: `${wrap(page.problematic)}\n` }, cannotTell)).map((one) => one.code),
      ).toContain(code);
    });
    it(`${code}: the correct code has not`, async () => {
      expect(await codes(page.correct)).not.toContain(code);
    });
    it(`${code}: says why, and the exceptions`, () => {
      for (const text of [page.title, page.why, page.exceptions]) expect(text.length).toBeGreaterThan(10);
    });
  }
  it('codes are in order, each once', () => {
    expect(rules.map(({ code }) => code)).toEqual(rules.map((_, at) => `PL${String(at + 1).padStart(3, '0')}`));
  });
});

describe('one statement for a file that names no user', () => {
  it('says how many calls there are, and which users they are right for', async () => {
    const [one, ...others] = await findings(
      { 'x.sh': 'pm2 stop api\npm2 start x.js --name api\npm2 restart myapp\n' },
      WEB,
    );
    expect(others.filter(({ code }) => code === 'PL003')).toEqual([]);
    expect(one).toMatchObject({ code: 'PL003', severity: 'risky', line: 1, lines: [1, 2, 3] });
    expect(one?.why).toContain('right for www-data alone (daemon web): 3 calls');
  });
  it('--as, and the comment, say who runs it', async () => {
    expect(await said('pm2 restart api', WEB, 'x.sh', 'www-data')).toEqual([]);
    expect(await said('pm2 restart api', WEB, 'x.sh', 'root')).toEqual(['1 wrong PL001']);
    expect(await said('# pm2-guard: run-as www-data\npm2 restart api', WEB)).toEqual([]);
  });
});

describe('what cannot be known is never wrong', () => {
  for (const text of [
    'sudo -u "$1" pm2 restart api',
    'ssh "$HOST" sudo pm2 restart api',
    'ssh root@other pm2 restart api',
    'sudo pm2 restart "$APP"',
    'sudo pm2 save',
    'sudo pm2 start new.js',
    'PM2_HOME=$X pm2 restart api',
    'pm2 list',
    'sudo -E -u www-data pm2 restart api',
  ])
    it(text, async () => {
      expect((await said(text, TWO)).filter((one) => one.includes('wrong'))).toEqual([]);
    });
  it('an unknown user is no error: severity unknown', async () => {
    expect(await said('sudo -u "$1" pm2 restart api', WEB)).toEqual(['1 unknown PL024']);
  });
});

describe('the forms, without a config', () => {
  it('a user in a variable is named all the same', async () => {
    expect(await said('sudo -u "$1" pm2 delete all || true\nsudo -u "$1" pm2 start x.js', null)).toEqual([
      '1 unknown PL024',
    ]);
  });
  const form =
    (text: string, ...expected: string[]) =>
    async () => {
      expect(await said(text, null)).toEqual(expected);
    };
  it('a plain script is left alone', form('pm2 reload api\npm2 list'));
  it(
    'a pinned user is left alone',
    form('sudo -u ops pm2 restart api || sudo -u ops pm2 start x.js --name api\nsudo -u ops pm2 save'),
  );
  it('restart, else start', form('pm2 restart api || pm2 start x.js', '1 risky PL011', '1 risky PL011'));
  it(
    'a look, then a start',
    form('pm2 id api\nif [ $? -ne 0 ]; then\npm2 start x.js\nfi', '1 risky PL011', '3 risky PL011'),
  );
  it('another app is deleted', form('pm2 delete old\npm2 start x.js --name new'));
  it('a delete in another branch', form('case $1 in a) pm2 delete api;; b) pm2 start api;; esac'));
  it('a read may fail unseen', form('pm2 describe api 2>/dev/null'));
  it('reload all, update', form('pm2 reload all\npm2 update', '1 risky PL015', '2 risky PL015'));
  it(
    'start as one, restart as another',
    form('sudo -u ops pm2 start x.js --name api\npm2 restart api', '2 risky PL007'),
  );
  it('save as another', form('sudo -u ops pm2 start x.js --name api\nsudo -u web pm2 save', '2 risky PL008'));
  it(
    'a user that the file itself makes without a login',
    form(
      'useradd -r -s /usr/sbin/nologin node1\nsu - node1 -c "pm2 ls"\nsu -s /bin/sh node1 -c "pm2 ls"',
      '2 wrong PL017',
    ),
  );
  it('startup that is whole', form('sudo pm2 startup systemd -u ops --hp /home/ops'));
  it('startup of root', form('[ $EUID = 0 ] || exit\npm2 startup systemd -u root --hp /root', '2 risky PL009'));
  it('in a hosted runner there is nothing to say', async () => {
    expect(
      await said(
        'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: sudo pm2 delete all || true\n',
        null,
        'ci.yml',
      ),
    ).toEqual([]);
  });
  it('in an image there is nothing to say', async () => {
    expect(await said('FROM node\nRUN sudo pm2 delete all\n', null, 'Dockerfile')).toEqual([]);
  });
});

describe('across files', () => {
  it('restarts as another user than the install script starts', async () => {
    const found = await findings(
      { 'install.sh': 'sudo -u ops pm2 start x.js --name api\n', 'deploy.sh': 'sudo -u deploy pm2 restart api\n' },
      null,
    );
    expect(found).toMatchObject([{ code: 'PL007', file: expect.stringMatching(/deploy\.sh$/) as string, line: 1 }]);
    expect(found[0]?.why).toMatch(/install\.sh:1/);
  });
  it('appspec.yml says who runs a script', async () => {
    const files = {
      'appspec.yml': 'os: linux\nhooks:\n  A:\n    - location: s/x.sh\n      runas: root\n',
      's/x.sh': 'pm2 restart api\n',
    };
    expect((await findings(files, WEB)).map(({ severity, code }) => `${severity} ${code}`)).toEqual(['wrong PL001']);
  });
  it('so does a crontab, and a script that calls it', async () => {
    const files = { 'etc/cron.d/x': '* * * * * root /opt/app/bin/x.sh\n', 'app/bin/x.sh': 'pm2 restart api\n' };
    expect((await findings(files, WEB)).map(({ severity, code }) => `${severity} ${code}`)).toEqual(['wrong PL001']);
    const called = { 'a.sh': 'sudo -u www-data ./y.sh # pm2\n', 'y.sh': 'pm2 restart api\n' };
    expect(await findings(called, WEB)).toEqual([]);
  });
});

describe('variables of a Makefile', () => {
  const recipe = (before: string): string => `${before}x:\n\tsudo pm2 restart $(A)\n`;
  it.each([
    ['set once', 'A = api\n', ['3 wrong PL001']],
    ['set for this target', 'x: A = api\n', ['3 wrong PL001']],
    ['set twice', 'A = web\nA = api\n', ['4 risky PL001']],
    ['appended', 'A += api\n', ['3 risky PL001']],
    ['set for a target that may need this one', 'A = api\nprod: A = web\nprod: x\n', ['5 risky PL001']],
  ])('%s', async (_, before, expected) => {
    expect(await said(recipe(before), WEB, 'Makefile')).toEqual(expected);
  });
});

describe('the directory of a call', () => {
  const PATHS = 'default: web\ndaemons:\n  web: { user: www-data }\n  ops: { user: ops, paths: [/srv/ops] }\n';
  const START = 'pm2 start server.js --name new';
  it('is that of the file', async () => {
    for (const line of [
      `cd /srv/ops && sudo -u ops ${START}`,
      `sudo -u ops env -C /srv/ops ${START}`,
      `cd /srv/ops && systemd-run --scope --uid=ops ${START}`,
    ])
      expect([line, await said(line, PATHS)]).toEqual([line, []]);
    expect(await said(`sudo -u www-data env --chdir=/srv/ops ${START}`, PATHS)).toEqual(['1 wrong PL001']);
  });
  it('is another one after a login, and in a unit', async () => {
    for (const line of [
      `cd /srv/ops && sudo -iu root ${START}`,
      `cd /srv/ops && su - root -c "${START}"`,
      `cd /srv/ops && pkexec ${START}`,
      `cd /srv/ops && systemd-run ${START}`,
      `cd /srv/ops && sudo -D /srv/web ${START}`,
    ]) {
      const found = await findings({ 'x.sh': line }, PATHS);
      expect([line, found.filter(({ why }) => why.includes('daemon ops'))]).toEqual([line, []]);
    }
  });
});

it('a user may be named by number', async () => {
  const { uid } = accountByName('www-data') ?? {};
  for (const line of [
    `sudo -u '#${uid ?? ''}' pm2 restart api`,
    `setpriv --reuid=${uid ?? ''} --reset-env pm2 restart api`,
  ])
    expect([line, await said(line, WEB)]).toEqual([line, []]);
  expect(await said("sudo -u '#4000000000' pm2 restart api", WEB)).toEqual(['1 wrong PL001']);
});

describe('ignore comments', () => {
  it('need a reason', async () => {
    expect(await said('sudo pm2 restart api # pm2-guard: ignore PL001 - on purpose', WEB)).toEqual([]);
    expect(await said('# pm2-guard: ignore PL001 - on purpose\nsudo pm2 restart api', WEB)).toEqual([]);
    expect(await said('sudo pm2 restart api # pm2-guard: ignore PL001', WEB)).toEqual(['1 wrong PL001']);
  });
  it('are for their own codes and lines only', async () => {
    expect(await said('sudo pm2 restart api # pm2-guard: ignore PL002 - x\n\nsudo pm2 stop api', WEB)).toEqual([
      '1 wrong PL001',
      '3 wrong PL001',
    ]);
  });
});
