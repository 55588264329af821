import { afterEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';

const OLD = '/var/cache/pm2-guard/33';
const AT_OPEN = `${checkout}/test/hostile/at-open.py`;

/**
 * Exchanges directories of its own with links into a directory of root's, without end (renameat2, RENAME_EXCHANGE).
 * What removes the tree by names meets a directory, and goes through a link. First by the path, then in the directory
 * that it holds open.
 */
const EXCHANGE = `
use strict; use warnings;
my ($base, $victim, $end) = @ARGV;
chdir $base or die "$base: $!";
my $number = \`uname -m\` =~ /aarch64/ ? 276 : 316;
$end += time;
while (time < $end) {
  for my $at (0 .. 59) {
    mkdir "d$at"; symlink $victim, "l$at";
    for my $name ('precious', map { "x$_" } 0 .. 9) { open my $file, '>', "d$at/$name" if -d "d$at" and not -l "d$at"; }
  }
  for (0 .. 200) { for my $at (0 .. 59) { my ($a, $b) = ("d$at", "l$at"); syscall($number, -100, $a, -100, $b, 2); } }
}
`;

describeOnHost('a directory that a user changes while root removes it', () => {
  let host: Host;
  afterEach(() => host.dispose());

  async function racing(seconds: number): Promise<void> {
    host = await createHost();
    await host.installGuard('default: web\ndaemons:\n  web:\n    user: www-data\n    home: /var/www/.pm2\n');
    await host.must('mkdir -m 755 /srv/victim && cd /srv/victim && touch precious x0 x1 x2 && chmod 600 *');
    await host.must(`install -d -m 700 -o www-data -g www-data ${OLD}`);
    await host.write('/srv/exchange.pl', EXCHANGE);
    const options = { user: 'www-data', cwd: '/', timeoutMs: 60_000 };
    // It may end with the host.
    void host.run(`perl /srv/exchange.pl ${OLD} /srv/victim ${seconds}`, options).catch(() => undefined);
    await host.must('sleep 0.5');
  }
  const victim = async () =>
    (await host.tree('/srv/victim')).map(({ path, owner, mode }) => `${path} ${owner} ${mode}`);
  const names = ['precious', 'x0', 'x1', 'x2'];
  const whole = ['/srv/victim root 755', ...names.map((name) => `/srv/victim/${name} root 600`)];

  it.each(['uninstall', 'install'])('%s removes what the user could remove, and nothing else', async (command) => {
    host = await createHost();
    await host.installGuard('daemons:\n  web:\n    user: www-data\n    home: /var/www/.pm2\n');
    // As a user gets it there: a directory of the user's own, with one of root's in it, is moved.
    await host.must(`install -d -m 700 -o www-data -g www-data ${OLD} ${OLD}/own ${OLD}/own/below
      install -d -m 755 ${OLD}/own/roots
      echo root > ${OLD}/own/roots/precious && touch ${OLD}/own/below/file && chown www-data ${OLD}/own/below/file`);
    const before = await host.must(`stat -c %i ${OLD}/own/roots/precious`);
    const { status } = await host.run(`pm2-guard ${command}`);
    expect(status).toBe(command === 'uninstall' ? 1 : 0);
    expect(await host.must('find /var/cache/pm2-guard -name precious -exec stat -c %i {} +')).toBe(before);
    expect(await host.must('find /var/cache/pm2-guard -name file')).toBe('');
    await host.must('find /var/cache/pm2-guard -name roots -exec rm -r {} +');
    expect((await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs uninstall')).status).toBe(0);
    expect(await host.exists('/var/cache/pm2-guard')).toBe(false);
  });

  it.each(['uninstall', 'install'])('%s removes nothing through a link that comes while it reads', async (command) => {
    host = await createHost();
    await host.installGuard('daemons:\n  web:\n    user: www-data\n    home: /var/www/.pm2\n');
    await host.must('mkdir -m 755 /srv/victim && touch /srv/victim/precious && chmod 600 /srv/victim/precious');
    await host.must(`install -d -m 700 -o www-data -g www-data ${OLD} ${OLD}/d && ln -s /srv/victim ${OLD}/l
      touch ${OLD}/d/precious && chown -R -h www-data: ${OLD}`);
    const attack = host.start(['python3', AT_OPEN, OLD, `${OLD}/d`, 'd', 'l', 'www-data'], { cwd: '/' });
    await attack.seen(/^ready/);
    await host.run(`node /usr/src/pm2-guard/dist/pm2-guard.cjs ${command}`, { cwd: '/' });
    await attack.seen(/^exchanged/m);
    expect(await victim()).toEqual(['/srv/victim root 755', '/srv/victim/precious root 600']);
  });

  it('uninstall comes to an end once the user does', async () => {
    await racing(3);
    await host.run('pm2-guard uninstall');
    await host.must('sleep 4');
    expect((await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs uninstall')).status).toBe(0);
    expect(await host.exists('/var/cache/pm2-guard')).toBe(false);
    expect(await victim()).toEqual(whole);
  }, 60_000);

  it('so does an upgrade', async () => {
    await racing(3);
    expect((await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs install')).status).toBe(0);
    expect(await victim()).toEqual(whole);
    await host.must('sleep 4');
    expect((await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs install')).status).toBe(0);
    expect((await host.tree('/var/cache/pm2-guard')).filter(({ owner }) => owner !== 'root')).toEqual([]);
  }, 60_000);
});
