import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accountByName, accountByUid, groupByName } from '../../src/identity/accounts.ts';
import { asUid } from '../../src/runtime/brands.ts';

const linux = process.platform === 'linux';

describe('an account of /etc/passwd', () => {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => /^[^#:]+:[^:]*:\d+:/.test(line));
  it.each(lines.map((line) => line.split(':')))(
    '%s is found by name',
    (name, _password, uid, gid, gecos, home, shell) => {
      expect(accountByName(name)).toEqual({
        name,
        uid: Number(uid),
        gid: Number(gid),
        gecos,
        homeDirectory: home,
        shell: shell === '' ? '/bin/sh' : shell,
      });
    },
  );
  it.each(lines.map((line) => line.split(':')))('%s is found by uid', (_name, _password, uid) => {
    const first = lines.find((line) => line.split(':')[2] === uid)?.split(':')[0];
    expect(accountByUid(asUid(Number(uid)))?.name).toBe(first);
  });
});

describe('no account', () => {
  it.each([
    '',
    'no-such-user-here',
    '-h',
    '--help',
    '+',
    'root:x',
    'root\n',
    '\nroot',
    'ro',
    'oot',
    '0',
    'a b c',
    '/etc',
    'root\u0000',
  ])('is called %j', (name) => {
    expect(accountByName(name)).toBeNull();
  });
  it('has that uid', () => {
    expect(accountByUid(asUid(3_999_999_999))).toBeNull();
  });
  it('is a group', () => {
    expect(groupByName('no-such-group')).toBeNull();
  });
});

it.runIf(linux)('a group is found by name', () => {
  expect(groupByName('root')).toMatchObject({ name: 'root', gid: 0 });
});

describe.runIf(linux && process.getuid?.() === 0)('where accounts come from elsewhere', () => {
  const accounts = join(import.meta.dirname, '../../src/identity/accounts.ts');
  /** Runs it in a mount namespace of its own, where /etc/passwd and systemd's user records are ours. */
  const inside = (prepare: string, expression: string): unknown =>
    JSON.parse(
      execFileSync(
        'unshare',
        [
          '-m',
          'sh',
          '-ec',
          `${prepare}\nexec "$0" --import tsx -e "const a = require('${accounts}'); ` +
            `console.log(JSON.stringify(${expression}))"`,
          process.execPath,
        ],
        { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      ),
    ) as unknown;

  const record = `mkdir -p /run/userdb; mount -t tmpfs none /run/userdb; cd /run/userdb
echo '{"userName":"pgldap","uid":61234,"gid":61234,"homeDirectory":"/srv/pgldap","shell":"/bin/bash"}' > pgldap.user
ln -s pgldap.user 61234.user; cd "$OLDPWD"`;
  it.runIf(
    existsSync('/usr/lib/x86_64-linux-gnu/libnss_systemd.so.2') &&
      /^passwd:.*systemd/m.test(readFileSync('/etc/nsswitch.conf', 'utf8')),
  )('NSS knows them, by name and by uid', () => {
    const account = {
      name: 'pgldap',
      uid: 61234,
      gid: 61234,
      gecos: 'pgldap',
      homeDirectory: '/srv/pgldap',
      shell: '/bin/bash',
    };
    expect(inside(record, `[a.accountByName('pgldap'), a.accountByUid(61234), a.accountByName('61234')]`)).toEqual([
      account,
      account,
      null,
    ]);
  });

  const file = (text: string): string =>
    `mount -t tmpfs none /mnt; printf '${text}' > /mnt/passwd; mount --bind /mnt/passwd /etc/passwd`;
  it('the first of two names of one uid is its name, NIS lines are none, an empty shell is sh', () => {
    expect(
      inside(
        file(
          '+nis::0:0:::\\n-no::0:0:::\\nroot:x:0:0:r:/root:\\ntoor:x:0:0:t:/toor:/bin/csh\\n' +
            'broken:x:one\\nlast:x:5:5::/last:/bin/ksh',
        ),
        `[a.accountByUid(0).name, a.accountByName('root').shell, a.accountByName('toor').homeDirectory, ` +
          `a.accountByName('+nis'), a.accountByName('broken'), a.accountByName('last').homeDirectory]`,
      ),
    ).toEqual(['root', '/bin/sh', '/toor', null, null, '/last']);
  });
  it('a uid is the third field, whatever the others hold', () => {
    expect(
      inside(
        file(
          'pw:61:7:8:::\\ngid:x:7:61:::\\ngecos:x:7:8::61::\\n:x:61:8:::\\nshort:61\\n61:x:7:8:::\\nit:61:61:61:61::',
        ),
        `a.accountByUid(61).name`,
      ),
    ).toBe('it');
  });
});
