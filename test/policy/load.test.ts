import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joined } from '../regex.ts';
import { buildReader, canUnshare, policies, run, type Printed } from './private-host.ts';

let reader: string;
beforeAll(async () => {
  reader = await buildReader();
});
afterAll(() => {
  rmSync(reader, { recursive: true });
});

const CONFIG = `cat > /etc/pm2-guard/config.yaml <<'END'
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp, "shop-*"]
  ops:
    user: root
    apps: [backup]
END
`;
const KEPT = `${CONFIG}settle; $read > /dev/null; test -f /var/lib/pm2-guard/policy.json\n`;
const read = (script: string, env?: Record<string, string>): Printed[] => policies(reader, script, env);
const usable = (printed: Printed | undefined): Printed & { type: 'policy' } => {
  if (printed?.type !== 'policy') throw new Error(`no policy: ${JSON.stringify(printed)}`);
  return printed;
};
const refused = (printed: Printed | undefined): string => {
  if (printed?.type !== 'unusable') throw new Error(`a policy: ${JSON.stringify(printed)}`);
  return printed.text;
};

describe.runIf(canUnshare)('the compiled policy', () => {
  it("is made by root's first call; later calls of every user read no YAML", () => {
    const [first, second, nobody] = read(`${CONFIG}settle; $read myapp; $read myapp; as nobody $read shop-1`);
    expect(first).toMatchObject({
      type: 'policy',
      slow: true,
      warnings: [],
      owners: ['web myapp 6'],
      default: 'web',
      daemons: ['ops root /root/.pm2', 'web www-data /var/www/.pm2'],
    });
    expect(second).toEqual({ ...first, slow: false });
    expect(nobody).toMatchObject({ slow: false, owners: ['web shop-* 6'] });
  });

  it("is root's, 0644, in a directory 0755, whatever the umask", () => {
    const { stdout } = run(
      reader,
      `${CONFIG}settle; umount /var/lib/pm2-guard; mount -t tmpfs -o mode=0755 none /var/lib; umask 077; $read ` +
        `>/dev/null; stat -c '%n %u:%g %a' /var/lib/pm2-guard /var/lib/pm2-guard/*; ls -A /var/lib/pm2-guard`,
    );
    expect(stdout.split('\n')).toEqual([
      '/var/lib/pm2-guard 0:0 755',
      '/var/lib/pm2-guard/policy.json 0:0 644',
      'policy.json',
      '',
    ]);
  });

  it('is not made by others than root, who read the config itself, without a word', () => {
    const [nobody] = read(`${CONFIG}settle; as nobody $read myapp; test ! -e /var/lib/pm2-guard/policy.json`);
    expect(nobody).toMatchObject({ slow: true, warnings: [], owners: ['web myapp 6'] });
  });

  it.each([
    [
      'in place, to the same length, with its times set back',
      'cd /mnt; cp -p /etc/pm2-guard/config.yaml old; sed "s/myapp/yourp/" old > new; cat new > ' +
        '/etc/pm2-guard/config.yaml; touch -r old /etc/pm2-guard/config.yaml',
    ],
    [
      'by another file',
      'sed "s/myapp/yourp/" /etc/pm2-guard/config.yaml > /etc/pm2-guard/new; mv /etc/pm2-guard/new ' +
        '/etc/pm2-guard/config.yaml',
    ],
  ])('does not outlive a config that was changed %s', (_, change) => {
    const [nobody, stale] = read(`${KEPT}${change}; as nobody $read yourp; $read yourp`);
    expect(stale).toMatchObject({ slow: true, owners: ['web yourp 6'] });
    expect(nobody).toMatchObject({ slow: true, owners: ['web yourp 6'] });
  });

  it("holds again after root's next call", () => {
    const [changed, kept] = read(
      `${KEPT}sed 's/myapp/yourapp/' -i /etc/pm2-guard/config.yaml; settle; $read yourapp; $read yourapp`,
    );
    expect([usable(changed).slow, usable(kept).slow]).toEqual([true, false]);
  });

  it('follows an edit within the same clock tick', () => {
    // Two edits of equal length as fast as a shell can, with a call between them.
    const printed = read(`${CONFIG}settle
for i in 1 2 3 4 5; do
  sed "s/myapp/app$i-/;s/app.-/app$i-/" /etc/pm2-guard/config.yaml > /mnt/race
  cat /mnt/race > /etc/pm2-guard/config.yaml; $read >/dev/null
  sed "s/app.-/APP$i-/" /mnt/race > /etc/pm2-guard/config.yaml; $read APP$i-
  sed "s/APP.-/myapp/" -i /etc/pm2-guard/config.yaml
done`);
    expect(printed.map((one) => usable(one).owners)).toEqual([1, 2, 3, 4, 5].map((i) => [`web APP${i}- 6`]));
  });

  it('does not outlive a change of /etc/passwd, by which its users were resolved', () => {
    const [, after] = read(
      `${KEPT}$read; sed 's#^root:\\(.*\\):/root:#root:\\1:/rooot:#' /etc/passwd > /mnt/passwd; mount --bind ` +
        '/mnt/passwd /etc/passwd; settle; $read',
    );
    expect(after).toMatchObject({ slow: true, daemons: ['ops root /rooot/.pm2', 'web www-data /var/www/.pm2'] });
  });

  it.each([
    ['another format', 's/"format":[0-9]*/"format":9/'],
    ['another pm2-guard', 's/"version":"[^"]*"/"version":"0.0.1"/'],
  ])('of %s is made anew', (_, edit) => {
    const [first, second] = read(`${KEPT}sed '${edit}' -i /var/lib/pm2-guard/policy.json; $read myapp; $read myapp`);
    expect([usable(first).slow, usable(second).slow]).toEqual([true, false]);
  });

  it.each([
    ['another user could have written', 'chown nobody /var/lib/pm2-guard/policy.json'],
    ['the group may write', 'chmod g+w /var/lib/pm2-guard/policy.json'],
    [
      "is a user's by a link",
      'mv /var/lib/pm2-guard/policy.json /mnt/; chown nobody /mnt/policy.json; ln -s /mnt/policy.json ' +
        '/var/lib/pm2-guard/',
    ],
    ['is cut off', 'truncate -s 200 /var/lib/pm2-guard/policy.json'],
    ['is empty', ': > /var/lib/pm2-guard/policy.json'],
    ['is a directory', 'rm /var/lib/pm2-guard/policy.json; mkdir /var/lib/pm2-guard/policy.json'],
  ])('that %s is not believed', (_, spoil) => {
    const [nobody] = read(`${KEPT}${spoil}; as nobody $read myapp`);
    expect(nobody).toMatchObject({ slow: true, owners: ['web myapp 6'] });
    const [broken] = read(`${KEPT}${spoil}; echo ']' > /etc/pm2-guard/config.yaml; $read myapp`);
    expect(broken?.type).toBe('unusable');
  });

  it('is not written into a directory where others write, and says so', () => {
    const [root] = read(
      `${CONFIG}settle; chmod o+w /var/lib/pm2-guard; $read myapp; test -z "$(ls -A /var/lib/pm2-guard)"`,
    );
    expect(usable(root).warnings.join()).toMatch(
      /^the compiled policy cannot be kept in \/var\/lib\/pm2-guard \(.*writable by all users/,
    );
  });
});

describe.runIf(canUnshare)('a /var/lib that takes nothing never fails a call', () => {
  it.each([
    [
      'full',
      'mount -t tmpfs -o size=4k,mode=0755 none /var/lib/pm2-guard; dd if=/dev/zero of=/var/lib/pm2-guard/fill ' +
        'bs=4k count=1 2>/dev/null',
      'ENOSPC',
    ],
    ['read-only', 'mount -o remount,ro /var/lib/pm2-guard', 'EROFS'],
    ['not there and read-only', 'umount /var/lib/pm2-guard; mount -t tmpfs -o ro none /var/lib', 'EROFS'],
    [
      'a file',
      'umount /var/lib/pm2-guard; mount -t tmpfs -o mode=0755 none /var/lib; : > /var/lib/pm2-guard',
      '/var/lib/pm2-guard is no directory',
    ],
  ])('%s', (_, spoil, code) => {
    const [root, nobody] = read(
      `${CONFIG}settle; ${spoil}; $read myapp; as nobody $read myapp; ls -A /var/lib/pm2-guard | grep -v fill >&2 ` +
        '|| true',
    );
    expect(usable(root)).toMatchObject({
      owners: ['web myapp 6'],
      warnings: [
        `the compiled policy cannot be kept in /var/lib/pm2-guard (${code}), so each call reads the config anew`,
      ],
    });
    expect(usable(nobody)).toMatchObject({ owners: ['web myapp 6'], warnings: [] });
  });
});

describe.runIf(canUnshare)('a config that cannot be used', () => {
  const C = '/etc/pm2-guard/config.yaml';
  const cases: [string, string, RegExp][] = [
    [
      'is missing',
      `rm ${C}`,
      joined(
        /^\/etc\/pm2-guard\/config\.yaml: there is no config\n/,
        / {2}expected a config there; draft one with: sudo pm2-guard init$/,
      ),
    ],
    [
      'is missing with its directory',
      'umount /etc/pm2-guard; mount -t tmpfs none /etc/pm2-guard; chmod 0755 /etc/pm2-guard',
      /there is no config/,
    ],
    ['is empty', `: > ${C}`, /config\.yaml: is empty/],
    ['is white space', `printf ' \\n\\n' > ${C}`, /config\.yaml: is empty/],
    ['is comments only', `echo '# nothing yet' > ${C}`, /config\.yaml: is empty/],
    ['is cut off', `head -c 86 ${C} > ${C}.cut; mv ${C}.cut ${C}`, /config\.yaml:6:\d+: .*\n {6}apps: \[mya\n/],
    ['is binary', `head -c 4096 /bin/ls > ${C}`, /config\.yaml:1:\d+: is not UTF-8 text/],
    ['is a directory', `rm ${C}; mkdir ${C}`, /config\.yaml: is a directory\n/],
    ['is a FIFO', `rm ${C}; mkfifo ${C}`, /config\.yaml: is no regular file\n/],
    [
      "is a symlink into a user's home",
      `mount -t tmpfs -o mode=0755 none /home; mkdir /home/alice; mv ${C} /home/alice/; chown -R nobody ` +
        `/home/alice; ln -s /home/alice/config.yaml ${C}`,
      joined(
        /config\.yaml: cannot be trusted: \/home\/alice is owned by uid 65534, not by root\n/,
        / {2}expected root to own it: sudo chown root \/home\/alice$/,
      ),
    ],
    ['is a dangling symlink', `rm ${C}; ln -s nowhere ${C}`, /config\.yaml: \/etc\/pm2-guard\/nowhere does not exist/],
    ['is a loop of symlinks', `rm ${C}; ln -s config.yaml ${C}`, /config\.yaml: is a loop of symbolic links/],
    [
      "is a user's",
      `chown nobody ${C}`,
      /config\.yaml: cannot be trusted: \/etc\/pm2-guard\/config\.yaml is owned by uid 65534/,
    ],
    [
      'is writable by its group',
      `chmod g+w ${C}`,
      joined(
        /is writable by its group \(mode 0664\)\n/,
        / {2}expected only root to write there: sudo chmod go-w \/etc\/pm2-guard\/config\.yaml$/,
      ),
    ],
    ['is writable by all', `chmod o+w ${C}`, /is writable by all users \(mode 0646\)/],
    [
      'is in a directory where others write',
      'chmod 1777 /etc/pm2-guard',
      joined(
        /cannot be trusted: \/etc\/pm2-guard is writable by all users \(mode 1777\)\n/,
        / {2}expected only root to write there: sudo chmod go-w \/etc\/pm2-guard$/,
      ),
    ],
    [
      'is in a directory for all users, whose mode must stay',
      `mount -t tmpfs -o mode=1777 none /mnt; cp ${C} /mnt; rm ${C}; ln -s /mnt/config.yaml ${C}`,
      / {2}expected only root to write there: move the file to a directory that only root can change$/,
    ],
    [
      "is in a user's directory",
      'chown nobody /etc/pm2-guard',
      /cannot be trusted: \/etc\/pm2-guard is owned by uid 65534/,
    ],
    [
      'has an unknown key',
      `sed 's/apps: .backup/ap: [backup/' -i ${C}`,
      joined(
        /config\.yaml:9:5: unknown key "ap": did you mean "apps"\?\n {6}ap: \[backup\]\n {6}\^\n/,
        / {2}expected one of user, home, apps/,
      ),
    ],
    [
      'has a user that does not exist',
      `sed 's/www-data/wwwdata/' -i ${C}`,
      /config\.yaml:4:11: there is no user "wwwdata"\n {6}user: wwwdata\n {12}\^\n/,
    ],
    [
      'has two daemons of one home',
      `echo '    home: /var/www/x/../.pm2/' >> ${C}`,
      /config\.yaml:10:11: daemons web \(line 3\) and ops have one PM2_HOME, \/var\/www\/\.pm2\n/,
    ],
    [
      'is too long',
      `{ cat ${C}; yes '# padding' | head -c 5000000; } > ${C}.long; mv ${C}.long ${C}`,
      /config\.yaml: is \d+ bytes long\n {2}expected at most 4194304$/,
    ],
    ['is nested without end', `yes '[' | tr -d '\\n' | head -c 300000 > ${C}`, /config\.yaml.*: /],
  ];
  it.each(cases)('because it %s: is told with its place, and the last good policy holds', (_, spoil, message) => {
    const [fresh] = read(`${CONFIG}settle; ${spoil}; $read myapp`);
    expect(refused(fresh)).toMatch(message);
    const [root, nobody] = read(`${KEPT}${spoil}; $read myapp; as nobody $read myapp`);
    expect(usable(root)).toMatchObject({ owners: ['web myapp 6'] });
    expect(usable(root).warnings).toHaveLength(1);
    expect(usable(root).warnings[0]).toMatch(
      joined(
        /\n {2}so the last good policy holds for this call, made 20[-\d]+ [\d:]+ UTC; /,
        /edits since then do not count\. After the repair: sudo pm2-guard check$/,
      ),
    );
    expect(usable(root).warnings[0]?.split('\n  so the last')[0]).toMatch(message);
    expect(usable(nobody).owners).toEqual(['web myapp 6']);
  });

  it('because the caller may not read it: is told, and with a compiled policy is no trouble at all', () => {
    const [fresh] = read(`${CONFIG}chmod 0600 ${C}; as nobody $read`);
    expect(refused(fresh)).toMatch(
      /config\.yaml: cannot be read \(EACCES\)\n {2}expected a file that all users may read: sudo chmod a\+r/,
    );
    const [kept] = read(`${CONFIG}chmod 0600 ${C}; settle; $read > /dev/null; as nobody $read myapp`);
    expect(usable(kept)).toMatchObject({ owners: ['web myapp 6'], warnings: [], slow: false });
  });

  it('holds again as soon as it is repaired', () => {
    const [, repaired] = read(`${KEPT}chmod g+w ${C}; $read; chmod g-w ${C}; $read`);
    expect(usable(repaired).warnings).toEqual([]);
  });

  it('does not spoil the last good policy of an older pm2-guard', () => {
    const [root] = read(
      `${KEPT}sed 's/"version":"[^"]*"/"version":"0.0.1"/' -i /var/lib/pm2-guard/policy.json; echo ']' > ${C}; ` +
        '$read myapp',
    );
    expect(usable(root).owners).toEqual(['web myapp 6']);
  });

  it('is found as YAML or JSON, the first place first', () => {
    const other = `echo '{"daemons": {"json": {"user": "root", "apps": ["myapp"]}}}' > /etc/pm2-guard/config.json\n`;
    expect(read(`${other}$read myapp`)).toMatchObject([
      { file: '/etc/pm2-guard/config.json', owners: ['json myapp 1'] },
    ]);
    expect(read(`${CONFIG}${other}$read myapp`)).toMatchObject([{ file: C, owners: ['web myapp 6'] }]);
    expect(read(`${KEPT}${other}rm ${C}; settle; $read myapp; $read myapp`)).toMatchObject([
      { owners: ['json myapp 1'], slow: true },
      { owners: ['json myapp 1'], slow: false },
    ]);
    expect(read(`${CONFIG}mv ${C} /etc/pm2-guard/config.yml; $read myapp`)).toMatchObject([
      { file: '/etc/pm2-guard/config.yml', owners: ['web myapp 6'] },
    ]);
  });

  it("may be a link between places that are root's", () => {
    const linked = `${CONFIG}mkdir /etc/pm2-guard/real; mv ${C} /etc/pm2-guard/real/
      ln -s real/config.yaml ${C}; settle; `;
    const [first, second, edited] = read(
      `${linked}$read myapp; $read myapp; sed 's/myapp/yourapp/' -i /etc/pm2-guard/real/config.yaml; $read yourapp`,
    );
    expect([first, second, edited].map((printed) => usable(printed).slow)).toEqual([true, false, true]);
    expect(usable(edited).owners).toEqual(['web yourapp 6']);
  });
});

describe.runIf(canUnshare)('a path of the config that is a symlink', () => {
  const LINKED = `cat > /etc/pm2-guard/config.yaml <<'END'
daemons:
  web: {user: www-data, home: /var/www/.pm2, paths: [/mnt/site, /mnt/run.js]}
  shop: {user: root, home: /root/shop, paths: [/mnt/site/shop, /mnt/gone]}
END
mkdir -p /mnt/releases/7/shop; echo > /mnt/releases/7/main.js; ln -s releases/7 /mnt/site; ln -s nowhere /mnt/gone
ln -s releases/7/main.js /mnt/run.js; `;
  const ownersOf = (path: string, prepare = ':'): string[] =>
    usable(read(`${LINKED}${prepare}; as nobody $read ${path}`)[0]).owners;

  it('holds for the working directory, which has no symlinks', () => {
    expect(ownersOf('/mnt/releases/7/app.js')).toEqual(['web /mnt/site 2']);
    expect(ownersOf('/mnt/releases/7')).toEqual(['web /mnt/site 2']);
    expect(ownersOf('/mnt/site/app.js')).toEqual(['web /mnt/site 2']);
  });
  it('holds for a script', () => {
    expect(ownersOf('/mnt/releases/7/main.js')).toEqual(['web /mnt/run.js 2']);
  });
  it('the longest wins', () => {
    expect(ownersOf('/mnt/releases/7/shop/x')).toEqual(['shop /mnt/site/shop 3']);
  });
  it('holds for nothing beside its target', () => {
    expect(ownersOf('/mnt/releases/70/app.js')).toEqual([]);
    expect(ownersOf('/mnt/nowhere')).toEqual([]);
  });
  it('follows its link from the next call on', () => {
    const next = 'settle; $read x > /mnt/1; mkdir /mnt/releases/8; ln -sfn releases/8 /mnt/site';
    expect(ownersOf('/mnt/releases/8/app.js', next)).toEqual(['web /mnt/site 2']);
    expect(ownersOf('/mnt/releases/7/app.js', next)).toEqual([]);
  });
  it('that a user made holds for what that user owns, and for nothing else', () => {
    const own = 'chown -h www-data /mnt/site; chown -R www-data /mnt/releases';
    expect(ownersOf('/mnt/releases/7/app.js', own)).toEqual(['web /mnt/site 2']);
    expect(ownersOf('/mnt/releases/7/app.js', 'chown -h www-data /mnt/site')).toEqual([]);
    expect(ownersOf('/mnt/releases/7/app.js', 'chown -R nobody /mnt/releases; chown -h www-data /mnt/site')).toEqual(
      [],
    );
    expect(ownersOf('/mnt/releases/7/app.js', 'chmod 777 /mnt')).toEqual([]);
  });
});

describe.runIf(canUnshare)('PM2_GUARD_CONFIG', () => {
  const OTHER = `mkdir /etc/pm2-guard/other
echo '{"daemons": {"other": {"user": "root", "apps": ["myapp"]}}}' > /etc/pm2-guard/other/x.json
`;
  const named = { PM2_GUARD_CONFIG: '/etc/pm2-guard/other/x.json' };

  it('names another file, for root too, and is never kept', () => {
    const printed = read(
      `${KEPT}${OTHER}cp /var/lib/pm2-guard/policy.json /etc/pm2-guard/; settle; $read myapp; as nobody $read ` +
        'myapp; cmp /etc/pm2-guard/policy.json /var/lib/pm2-guard/policy.json',
      named,
    );
    expect(printed).toMatchObject([{ owners: ['other myapp 1'] }, { owners: ['other myapp 1'] }]);
  });
  it('that the caller may not read: what would change that can be pasted', () => {
    const [nobody] = read(
      `${KEPT}echo 'daemons: {web: {user: root}}' > '/etc/pm2-guard/a b.yaml'; chmod 600 '/etc/pm2-guard/a b.yaml'
      as nobody $read x`,
      { PM2_GUARD_CONFIG: '/etc/pm2-guard/a b.yaml' },
    );
    expect(usable(nobody).warnings[0]).toContain("sudo chmod a+r '/etc/pm2-guard/a b.yaml'\n");
  });

  it('is not for who is root by sudo', () => {
    expect(read(`${CONFIG}${OTHER}$read myapp`, { ...named, SUDO_UID: '1000' })).toMatchObject([
      { owners: ['web myapp 6'], warnings: [] },
    ]);
  });
  it('is for root who used sudo as root', () => {
    expect(read(`${CONFIG}${OTHER}$read myapp`, { ...named, SUDO_UID: '0' })).toMatchObject([
      { owners: ['other myapp 1'] },
    ]);
  });
  it.each([
    [
      "a user's file",
      'chown nobody /etc/pm2-guard/other/x.json',
      named,
      /x\.json: cannot be trusted: .* owned by uid 65534/,
    ],
    ['no absolute path', ':', { PM2_GUARD_CONFIG: 'x.yaml' }, /^x\.yaml: is not an absolute path/],
    ['nothing', ':', { PM2_GUARD_CONFIG: '/etc/nothing.yaml' }, /^\/etc\/nothing\.yaml: does not exist/],
    [
      'code',
      "echo \"require('fs').writeFileSync('/etc/pm2-guard/mark', '')\" > /etc/pm2-guard/evil.js",
      { PM2_GUARD_CONFIG: '/etc/pm2-guard/evil.js' },
      /evil\.js: has a name that does not say what it is/,
    ],
    [
      'control characters',
      ':',
      { PM2_GUARD_CONFIG: '/etc/\u001b[2Jx\n.yaml' },
      /^\/etc\/\\x1b\[2Jx\\x0a\.yaml: does not exist/,
    ],
  ])('that names %s is told, and the standard config holds', (_, spoil, env, message) => {
    const [printed] = read(`${CONFIG}${OTHER}${spoil}; $read myapp; test ! -e /etc/pm2-guard/mark`, env);
    expect(usable(printed).owners).toEqual(['web myapp 6']);
    expect(usable(printed).warnings[0]).toMatch(message);
    expect(usable(printed).warnings[0]).toMatch(
      /\n {2}so PM2_GUARD_CONFIG is left aside, and \/etc\/pm2-guard\/config\.yaml holds$/,
    );
    const [alone] = read(`${OTHER}${spoil}; $read myapp`, env);
    expect(refused(alone)).toMatch(message);
  });
  it('may name a file called package.json: it is read like any other', () => {
    expect(
      read(`${OTHER}mv /etc/pm2-guard/other/x.json /etc/pm2-guard/other/package.json; $read myapp`, {
        PM2_GUARD_CONFIG: '/etc/pm2-guard/other/package.json',
      }),
    ).toMatchObject([{ owners: ['other myapp 1'] }]);
  });
});
