import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { difference, snapshot } from './snapshot.ts';
import { withBlock, withoutBlock } from '../../src/install/layers/marked-block.ts';
import { sessionPath, withOurs, withoutOurs } from '../../src/install/layers/environment.ts';
import { chooseLayers, NO_CHOICE } from '../../src/install/layers/layers.ts';
import type { Status } from '../../src/install/status.ts';

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';
const CONFIG = 'default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2 }\n';
const INSTALL = `node ${checkout}/dist/pm2-guard.cjs install`;

describe('our lines in a file of another package', () => {
  const OURS = ['a', 'b'];
  const texts = ['', '\n', 'x', 'x\n', 'x\n\n', '# c\n[ -z "$PS1" ] && return\ny', '\xff\x00\n', 'x\r\n'];
  it.each(texts.flatMap((text) => (['start', 'end'] as const).map((at) => [text, at] as const)))(
    'go without a trace from %j, at its %s',
    (text, at) => {
      const changed = withBlock(text, OURS, at);
      expect(changed).not.toBe(text);
      expect(withBlock(changed, OURS, at)).toBe(changed);
      expect(withoutBlock(changed)).toBe(text);
      // A later version says something else.
      const later = withBlock(changed, ['c'], at);
      expect(later).not.toContain('\na\n');
      expect(withoutBlock(later)).toBe(text);
    },
  );
  it('take a file along that was made for them, as long as nothing else has come to be there', () => {
    const made = withBlock(null, OURS, 'end');
    expect(withoutBlock(made)).toBeNull();
    expect(withoutBlock(`${made}mine\n`)).toBe('mine\n');
    expect(withoutBlock(withBlock(made, ['c'], 'end'))).toBeNull();
  });
  it('leave what was written around them since, and stay where they are', () => {
    const changed = withBlock('x', OURS, 'end');
    expect(withoutBlock(`new\n${changed}after`)).toBe('new\nx\nafter');
    expect(withBlock(`new\n${changed}after`, OURS, 'end')).toBe(`new\n${changed}after`);
  });
  it('take nothing along where their end was deleted', () => {
    const cut = withBlock('x\n', OURS, 'end').replace(/# [^\n]*end\n/, 'mine\n');
    expect(withoutBlock(cut)).toBe('x\na\nb\nmine\n');
  });
});

describe('the PATH of /etc/environment', () => {
  it.each([
    ['PATH=/a:/b\n', `PATH=/usr/local/lib/pm2-guard/bin:/a:/b\n`],
    ['LANG=C\nPATH="/a"\nX=1', `PATH="/usr/local/lib/pm2-guard/bin:/a"\nX=1`],
    ["PATH=/x\n export PATH='/a'\n", ` export PATH='/usr/local/lib/pm2-guard/bin:/a'\n`],
  ])('%j gets ours first, and back', (text, expected) => {
    expect(withOurs(text).endsWith(expected)).toBe(true);
    expect(sessionPath(withOurs(text))).toBe(`/usr/local/lib/pm2-guard/bin:${sessionPath(text) ?? ''}`);
    expect(withoutOurs(withOurs(text))).toBe(text);
    expect(withOurs(withoutOurs(withOurs(text)))).toBe(withOurs(text));
    expect(withoutOurs(`A=1\n${withOurs(text)}B=2\n`)).toBe(`A=1\n${text}B=2\n`);
  });
  it('is not there: nothing is added', () => {
    expect(withOurs('#PATH=/a\nXPATH=/b\n')).toBe('#PATH=/a\nXPATH=/b\n');
  });
});

describe('the choice of layers', () => {
  it.each([
    [{}, NO_CHOICE],
    [{ without: 'zsh,fish' }, { with: [], without: ['zsh', 'fish'] }],
    [{ with: 'sudo-shim' }, { with: ['sudo-shim'], without: [] }],
    [
      { layers: 'local-bin, sudo-shim' },
      { with: ['sudo-shim'], without: ['local-sbin', 'profile', 'bash', 'zsh', 'fish', 'environment', 'sudo'] },
    ],
  ])('%j', (wish, choice) => {
    expect(chooseLayers(wish, NO_CHOICE)).toEqual(choice);
  });
  it('stays, until something else is chosen', () => {
    const kept = chooseLayers({ with: 'sudo-shim', without: 'zsh' }, NO_CHOICE);
    expect(chooseLayers({}, kept)).toEqual(kept);
    expect(chooseLayers({ with: 'zsh', without: 'sudo-shim' }, kept)).toEqual(NO_CHOICE);
    expect(chooseLayers({ layers: 'default', without: 'bash' }, kept)).toEqual({ with: [], without: ['bash'] });
  });
});

/** Each way, as it is really gone: what `pm2` is there. */
const SSH =
  'ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ' +
  'ProxyCommand="/usr/sbin/sshd -i -h /etc/ssh/test_key" -i /root/key';
const PM2 = 'command -v pm2';
const WAYS: Readonly<Record<string, string>> = {
  'login sh': `su -l ops -c "${PM2}"`,
  'login bash': `su -l deploy -c "${PM2}"`,
  'login zsh': `su -l alice -c "${PM2}"`,
  'login fish': `su -l eve -c "${PM2}"`,
  'bash in a terminal':
    'setpriv --reuid deploy env -i HOME=/home/deploy PATH=/usr/local/bin:/usr/bin:/bin ' +
    `bash -ic "${PM2}" 2>/dev/null`,
  'zsh of a script': `env -i HOME=/nonexistent PATH=/usr/local/bin:/usr/bin:/bin zsh -c "${PM2}"`,
  'ssh bash': `${SSH} deploy@here "${PM2}"`,
  'ssh zsh': `${SSH} alice@here "${PM2}"`,
  'ssh fish': `${SSH} eve@here "${PM2}"`,
  'ssh sh': `${SSH} ops@here "${PM2}"`,
  'ssh root': `${SSH} root@here "${PM2}"`,
  sudo: `setpriv --reuid deploy --regid deploy --clear-groups sudo sh -c "${PM2}"`,
  'sudo -i': `setpriv --reuid deploy --regid deploy --clear-groups sudo -i sh -c "${PM2}"`,
  root: PM2,
  'a service': `env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin /bin/sh -c "${PM2}"`,
};

async function goAll(host: Host): Promise<Record<string, string>> {
  const answers = await Promise.all(
    Object.entries(WAYS).map(async ([way, line]) => [way, (await host.run(line, { cwd: '/' })).stdout.trim()] as const),
  );
  return Object.fromEntries(answers);
}

async function prepared(prefix: '/usr' | '/usr/local'): Promise<Host> {
  const host = await createHost({ prefix, users: ['eve'] });
  await host.write('/etc/pm2-guard/config.yaml', CONFIG);
  await host.must(`usermod -s /bin/sh ops; usermod -s /usr/bin/zsh alice; usermod -s /usr/bin/fish eve
    touch /home/alice/.zshrc
    mkdir -p /run/sshd && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/test_key &&
    ssh-keygen -q -t ed25519 -N '' -f /root/key
    for home in /root /home/deploy /home/alice /home/eve /home/ops; do
      owner=$(stat -c %U $home)
      install -d -m 700 -o $owner $home/.ssh &&
      install -m 600 -o $owner /root/key.pub $home/.ssh/authorized_keys
    done`);
  return host;
}

describeOnHost('layers of reach, where npm has its own pm2 in /usr/local/bin', () => {
  let host: Host;
  let before: string[];
  beforeAll(async () => {
    host = await prepared('/usr/local');
    before = await snapshot(host);
  });
  afterAll(() => host.dispose());
  const answers = () => goAll(host);
  const status = async () => JSON.parse((await host.run('pm2-guard status --json')).stdout) as Status;
  const states = async () => Object.fromEntries((await status()).layers.map(({ name, state }) => [name, state]));

  it('plain: every way finds the real pm2', async () => {
    expect(Object.entries(await answers()).filter(([, path]) => path !== '/usr/local/bin/pm2')).toEqual([]);
  });

  it('guarded: every way but that of /bin/sh over ssh, for which seal is proposed', async () => {
    await host.must(INSTALL);
    const others = Object.entries(await answers()).filter(
      ([, path]) => path !== SHIM && path !== '/usr/local/sbin/pm2',
    );
    expect(others).toEqual([['ssh sh', '/usr/local/bin/pm2']]);
    const found = await status();
    expect(found.problems).toEqual([]);
    expect(found.proposals).toContainEqual({ way: 'ssh, sh', text: 'sudo pm2-guard seal', into: null });
    expect((await host.run('pm2-guard status')).stdout).toContain('\nssh, sh: run:  sudo pm2-guard seal\n');
    expect(await states()).toEqual({
      'local-bin': 'not used',
      'local-sbin': 'in place',
      profile: 'in place',
      bash: 'in place',
      zsh: 'in place',
      fish: 'in place',
      environment: 'not used',
      sudo: 'not used',
      'sudo-shim': 'left out',
    });
  });

  // Each layer alone: what is covered by it and by no other one.
  it.each([
    ['local-sbin', ['a service', 'root', 'ssh root', 'sudo', 'sudo -i']],
    ['profile', ['login bash', 'login sh', 'sudo -i']],
    ['bash', ['bash in a terminal', 'ssh bash', 'ssh root']],
    ['zsh', ['login zsh', 'ssh zsh', 'zsh of a script']],
    ['fish', ['login fish', 'ssh fish']],
    ['sudo', ['sudo']],
    ['sudo-shim', []],
  ])('%s alone', async (layer, covered) => {
    await host.must(`${INSTALL} --layers ${layer}`);
    const guarded = Object.entries(await answers())
      .filter(([, path]) => path !== '/usr/local/bin/pm2')
      .map(([way]) => way)
      .sort();
    expect(guarded).toEqual(covered);
    expect(await host.exists('/usr/local/bin/sudo')).toBe(layer === 'sudo-shim');
    expect(
      Object.entries(await states())
        .filter(([, state]) => state !== 'left out')
        .map(([name]) => name),
    ).toEqual([layer]);
  });

  it('the choice stays with the next install, and with a damaged record it is the default one', async () => {
    await host.must(`${INSTALL} --layers default --without zsh,fish`);
    await host.must('pm2-guard install');
    expect(await states()).toMatchObject({ zsh: 'left out', fish: 'left out', bash: 'in place' });
    expect(await host.read('/etc/zsh/zshenv')).not.toContain('pm2-guard');
    await host.must('echo "{" > /usr/local/lib/pm2-guard/install.json; pm2-guard install');
    expect(await states()).toMatchObject({ zsh: 'in place' });
    expect(await host.run('pm2-guard install --with nothing')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('there is no layer "nothing"; there are local-bin,') as string,
    });
  });

  it('status tells of one that is not as it was left, and install puts it right', async () => {
    await host.must('sed -i "/lib\\/pm2-guard/d" /etc/bash.bashrc; rm /etc/profile.d/pm2-guard.sh');
    expect((await status()).problems).toEqual(
      expect.arrayContaining([
        expect.stringContaining('layer bash: /etc/bash.bashrc is not as install would leave it'),
        expect.stringContaining('layer profile: /etc/profile.d/pm2-guard.sh'),
      ]),
    );
    await host.must('pm2-guard install');
    expect((await status()).problems).toEqual([]);
    expect(await status()).toMatchObject({ problems: [] });
    const asAlice = JSON.parse((await host.run('pm2-guard status --json', { user: 'alice' })).stdout) as Status;
    expect(asAlice.layers.map(({ state }) => state)).not.toContain('missing');
  });

  it('the sudo shim is what ssh commands find, and still finds the real sudo when it is there twice', async () => {
    await host.must(`${INSTALL} --layers default --with sudo-shim`);
    expect(
      (await host.run(`${SSH} deploy@here "command -v sudo; sudo -iu www-data pm2 ping"`, { cwd: '/' })).stdout,
    ).toMatch(/^\/usr\/local\/lib\/pm2-guard\/bin\/sudo\n[^]*pong/);
    const twice = await host.run(
      'PATH=/usr/local/bin:/usr/local/lib/pm2-guard/bin:/usr/bin:/bin; command -v sudo; sudo sudo sudo id -un; ' +
        'sudo -iu www-data pm2 ping',
      { user: 'deploy' },
    );
    expect(twice).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\/usr\/local\/bin\/sudo\nroot\n[^]*pong/) as string,
    });
    await host.must('rm -rf /var/www/.pm2/*; pkill -f "[G]od Daemon"; true');
  });

  it('uninstall leaves every byte as it was, and what people wrote meanwhile', async () => {
    await host.must(`${INSTALL} --layers default`);
    await host.must('printf "mine\\n" >> /etc/zsh/zshenv; sed -i "1i # mine" /etc/bash.bashrc');
    await host.must('pm2-guard uninstall');
    expect((await host.read('/etc/zsh/zshenv')).endsWith('fi\nmine\n')).toBe(true);
    expect((await host.read('/etc/bash.bashrc')).startsWith('# mine\n# System-wide .bashrc')).toBe(true);
    await host.must("sed -i '$d' /etc/zsh/zshenv; sed -i 1d /etc/bash.bashrc; rm -rf /var/www/.pm2/*");
    expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
  });
});

describeOnHost("layers of reach, where npm's prefix is /usr", () => {
  let host: Host;
  beforeAll(async () => {
    host = await prepared('/usr');
  });
  afterAll(() => host.dispose());

  it('plain: the real pm2; guarded: ours everywhere; cron is proposed; afterwards not a byte is left', async () => {
    expect(Object.entries(await goAll(host)).filter(([, path]) => path !== '/usr/bin/pm2')).toEqual([]);
    // A PATH of the system's own, as Ubuntu has it, and one that leads past /usr/local.
    await host.write('/etc/environment', 'LANG=C\nPATH="/opt/tools:/usr/bin:/usr/local/bin:/bin"');
    await host.must(
      'chmod 640 /etc/environment; chgrp ops /etc/environment; mkdir /opt/tools; printf "no line end" >> ' +
        '/etc/zsh/zshenv; chmod 600 /etc/bash.bashrc',
    );
    const before = await snapshot(host);
    expect((await goAll(host))['ssh sh']).toBe('/usr/bin/pm2');
    await host.must(INSTALL);
    expect(
      Object.entries(await goAll(host)).filter(
        ([, path]) => path !== SHIM && path !== '/usr/local/sbin/pm2' && path !== '/usr/local/bin/pm2',
      ),
    ).toEqual([]);
    const { proposals } = JSON.parse((await host.run('pm2-guard status --json')).stdout) as Status;
    expect(proposals).toEqual([
      {
        way: 'cron job',
        text: `PATH=/usr/local/lib/pm2-guard/bin:/usr/local/bin:/usr/bin:/bin`,
        into: 'the first line of each crontab that calls pm2',
      },
    ]);
    const installed = await snapshot(host, { times: true });
    await host.must('pm2-guard install');
    expect(difference(installed, await snapshot(host, { times: true }))).toEqual({ gone: [], new: [] });
    await host.must('pm2-guard uninstall');
    expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
  });

  it('files that others can write are left as they are', async () => {
    await host.must(
      'chmod 666 /etc/bash.bashrc; chown alice /etc/environment; rm -rf /usr/local/sbin && ln -s bin /usr/local/sbin',
    );
    const before = await snapshot(host);
    const { stdout } = await host.run(INSTALL);
    expect(stdout).toContain('/etc/bash.bashrc  (left as it is: /etc/bash.bashrc is writable by all users');
    expect(stdout).toContain('/etc/environment  (left as it is: /etc/environment is owned by uid');
    expect(stdout).toContain('/usr/local/sbin/pm2  (not needed: is /usr/local/bin/pm2)');
    await host.must('pm2-guard uninstall');
    expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
  });
});
