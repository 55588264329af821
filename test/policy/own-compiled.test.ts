import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReader, canUnshare, policies, run, type Printed } from './private-host.ts';

let reader: string;
beforeAll(async () => {
  reader = await buildReader();
});
afterAll(() => {
  rmSync(reader, { recursive: true });
});

const C = '/etc/pm2-guard/config.yaml';
const OWN = '/tmp/pm2-guard-65534';
const CONFIG = `cat > ${C} <<'END'
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp, "shop-*"]
END
`;
/** Root has compiled the first config, and edited it since. */
const EDITED = `${CONFIG}settle; $read >/dev/null; sed s/myapp/yourapp/ -i ${C}; settle\n`;
/** Then the account nobody has stored its own. */
const KEPT = `${EDITED}as nobody $read >/dev/null; test -f ${OWN}/policy.json\n`;
/** What it says is that other daemon. */
const FORGED = `${KEPT}sed 's/"name":"web"/"name":"mine"/g' -i ${OWN}/policy.json; chown nobody ${OWN}/policy.json\n`;
const read = (script: string, env?: Record<string, string>): Printed[] => policies(reader, script, env);
const slowness = (printed: Printed[]): boolean[] =>
  printed.map((one) => {
    if (one.type !== 'policy') throw new Error(`no policy: ${one.text}`);
    expect(one).toMatchObject({ owners: ['web yourapp 6'], warnings: [] });
    return one.slow;
  });

describe.runIf(canUnshare)('after an edit of the config, root away', () => {
  it('each user reads YAML once', () => {
    const printed = read(`${EDITED}
      as nobody $read yourapp; as nobody $read yourapp; as daemon $read yourapp; as daemon $read yourapp`);
    expect(slowness(printed)).toEqual([true, false, true, false]);
  });

  it('what a user keeps is closed to others, whatever the umask, and beside it stands nothing', () => {
    const { stdout } = run(
      reader,
      `${EDITED}umask 277; as nobody $read >/dev/null; cd /tmp
      stat -c '%n %U %a' pm2-guard-65534 pm2-guard-65534/*; find /tmp /run/user /var/lib/pm2-guard -newer ${C} -type f`,
    );
    expect(stdout.trimEnd().split('\n')).toEqual([
      'pm2-guard-65534 nobody 700',
      'pm2-guard-65534/policy.json nobody 600',
      `${OWN}/policy.json`,
    ]);
  });

  it('lies in the directory of the session, where there is one', () => {
    const { stdout } = run(
      reader,
      `${EDITED}install -d -o nobody -m 700 /run/user/65534
      as nobody $read >/dev/null; find /run/user /tmp -name policy.json; rm -r /run/user/65534
      as nobody $read >/dev/null; find /run/user /tmp -name policy.json`,
    );
    expect(stdout.trimEnd().split('\n')).toEqual(['/run/user/65534/pm2-guard/policy.json', `${OWN}/policy.json`]);
  });

  it('holds for one edit', () => {
    const printed = read(`${KEPT}
      as nobody $read yourapp; sed s/yourapp/myapp/ -i ${C}; sed s/myapp/yourapp/ -i ${C}; settle
      as nobody $read yourapp; as nobody $read yourapp`);
    expect(slowness(printed)).toEqual([false, true, false]);
  });

  it('is not kept of a config that may yet change within the tick of the clock', () => {
    const printed = read(`${EDITED}touch ${C}; as nobody $read yourapp; touch ${C}; as nobody $read yourapp`);
    expect(slowness(printed)).toEqual([true, true]);
  });

  it("gives way to root's as soon as root calls", () => {
    const [own, , roots] = read(`${FORGED}as nobody $read yourapp; $read; as nobody $read yourapp`);
    expect([own, roots]).toMatchObject([{ owners: ['mine yourapp 6'] }, { owners: ['web yourapp 6'], slow: false }]);
  });

  it('is not the last good policy of a config that is broken', () => {
    const [broken] = read(`${KEPT}echo ']' >> ${C}; as nobody $read myapp`);
    expect(broken).toMatchObject({ type: 'policy', owners: ['web myapp 6'] });
    const [without] = read(`${KEPT}echo ']' >> ${C}; rm /var/lib/pm2-guard/*; as nobody $read yourapp`);
    expect(without?.type).toBe('unusable');
  });

  it('is not used where the config is no longer to be trusted', () => {
    const [printed] = read(`${KEPT}chown daemon ${C}; as nobody $read yourapp`);
    expect(printed).toMatchObject({ type: 'policy', owners: [] });
  });
});

describe.runIf(canUnshare)('what a user keeps decides for that user alone', () => {
  it('not for root, whatever the environment says', () => {
    const env = { HOME: '/tmp', XDG_RUNTIME_DIR: '/tmp', XDG_CACHE_HOME: '/tmp', TMPDIR: '/tmp', SUDO_UID: '65534' };
    const printed = read(`${FORGED}cp -rp ${OWN} /tmp/pm2-guard-0; cp -rp ${OWN} /tmp/pm2-guard; $read yourapp`, env);
    expect(slowness(printed)).toEqual([true]);
  });

  it('nor if root owns it', () => {
    const printed = read(`${FORGED}cp -r ${OWN} /tmp/pm2-guard-0; chmod 700 /tmp/pm2-guard-0; $read yourapp`);
    expect(slowness(printed)).toEqual([true]);
  });

  it('nor for another user', () => {
    const printed = read(`${FORGED}cp -rp ${OWN} /tmp/pm2-guard-1; as daemon $read yourapp`);
    expect(slowness(printed)).toEqual([true]);
  });
});

describe.runIf(canUnshare)('what another could have made is not believed, without a word', () => {
  const own = `${OWN}/policy.json`;
  const cases: [string, string][] = [
    ["a directory of another user's", `chown daemon ${OWN}`],
    ['a directory that others may write', `chmod 770 ${OWN}`],
    ['a directory that others may look into', `chmod 711 ${OWN}`],
    ["a link to a directory of the user's", `mv ${OWN} /mnt/real; ln -s /mnt/real ${OWN}; chown -h nobody ${OWN}`],
    ["another user's link", `mv ${OWN} /mnt/real; ln -s /mnt/real ${OWN}; chown -h daemon ${OWN}`],
    ["a file of another user's", `chown daemon ${own}`],
    ["a file of root's", `chown root ${own}; chmod 644 ${own}`],
    ['a file that its group may write', `chmod 660 ${own}`],
    ['a file with a second name', `ln ${own} /tmp/second`],
    ['a link to a file', `mv ${own} ${OWN}/real; ln -s real ${own}`],
    ['a /tmp that is not sticky', 'chmod 0777 /tmp'],
    ["a /tmp of another user's", 'chown daemon /tmp'],
    [
      "a session directory of another user's",
      `install -d -o daemon -m 777 /run/user/65534; mv ${OWN} /run/user/65534/pm2-guard`,
    ],
  ];
  it.each(cases)('%s', (_, spoil) => {
    const forge = `sed 's/"name":"web"/"name":"mine"/g' ${own} > /mnt/forged; cat /mnt/forged > ${own}`;
    const printed = read(`${KEPT}${forge}; ${spoil}; as nobody $read yourapp`);
    expect(slowness(printed)).toEqual([true]);
  });

  const damages: [string, string][] = [
    ['is cut off', `truncate -s 300 ${own}`],
    ['is empty', `: > ${own}`],
    ['is no JSON', `head -c 4096 /bin/ls > ${own}`],
    ['is null', `echo null > ${own}`],
    ['has another format', `sed 's/"format":[0-9]*/"format":99/' -i ${own}; chown nobody ${own}`],
    ["is another pm2-guard's", `sed 's/"version":"[^"]*"/"version":"0.0.1"/' -i ${own}; chown nobody ${own}`],
    ['lacks a part', `sed 's/"daemons":/"x":/' -i ${own}; chown nobody ${own}`],
    ['is endless', `truncate -s 1G ${own}`],
  ];
  it.each(damages)('a file that %s, and it is made anew', (_, spoil) => {
    expect(slowness(read(`${KEPT}${spoil}; as nobody $read yourapp; as nobody $read yourapp`))).toEqual([true, false]);
  });

  it.each([
    ['a FIFO', `rm ${own}; mkfifo ${own}; chown nobody ${own}`],
    ['a directory', `rm ${own}; mkdir ${own}; chown nobody ${own}`],
  ])('%s in the place of the file', (_, spoil) => {
    expect(slowness(read(`${KEPT}${spoil}; as nobody timeout 10 $read yourapp`))).toEqual([true]);
  });
});

describe.runIf(canUnshare)('a disk that takes nothing never fails a call', () => {
  it.each([
    ['full', 'mount -t tmpfs -o size=4k,mode=1777 none /tmp; dd if=/dev/zero of=/tmp/fill bs=4k count=1 2>/dev/null'],
    ['full of names', 'mount -t tmpfs -o nr_inodes=1,mode=1777 none /tmp'],
    ['read-only', 'mount -o remount,ro /tmp'],
    ['not there', 'mount --bind /dev/null /mnt/x; umount /tmp; mount -t tmpfs -o mode=0755 none /tmp'],
    ['taken by another user', `install -d -o daemon -m 700 ${OWN}`],
    ['taken by a link', `install -d -o nobody -m 700 /mnt/trap; ln -s /mnt/trap ${OWN}; chown -h daemon ${OWN}`],
    ['taken by a file', `: > ${OWN}`],
  ])('%s', (_, spoil) => {
    const printed = read(`touch /mnt/x; ${EDITED}${spoil}
      as nobody $read yourapp; as nobody $read yourapp
      test ! -e /mnt/trap/policy.json; test -z "$(find /tmp -type f -name '*policy*')"`);
    expect(slowness(printed)).toEqual([true, true]);
  });
});

describe.runIf(canUnshare)('many at once', () => {
  it('calls of one user keep one file', () => {
    const { stdout, status } = run(
      reader,
      `${EDITED}
      for i in 1 2 3 4 5 6 7 8; do as nobody $read yourapp >/mnt/out$i & done; wait; cat /mnt/out*
      test "$(ls -A ${OWN})" = policy.json; as nobody $read yourapp`,
    );
    expect(status).toBe(0);
    const printed = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Printed);
    expect(slowness(printed)).toHaveLength(9);
    expect(slowness(printed).at(-1)).toBe(false);
  });

  it('another user who puts links in the place by turns gains nothing', () => {
    const printed = read(`${EDITED}install -d -o nobody -m 700 /mnt/trap
      setpriv --reuid daemon --clear-groups -- sh -c \
        'while :; do ln -sn /mnt/trap ${OWN}; rm -f ${OWN}; mkdir -m 777 ${OWN}; rmdir ${OWN}; done' >/dev/null 2>&1 &
      for i in 1 2 3 4 5 6 7 8 9 10 11 12; do as nobody $read yourapp; rm -rf ${OWN}; done; kill $!; wait
      test -z "$(ls -A /mnt/trap)"`);
    expect(slowness(printed)).toHaveLength(12);
  });
});
