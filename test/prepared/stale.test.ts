import { afterEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';

const CONFIG = 'default: ops\ndaemons:\n  ops:\n    user: ops\n';
const CALLER = { user: 'ops', cwd: '/home/ops' };
const FILE = '/var/cache/pm2-guard/usr-lib-node_modules-pm2,usr-bin-node';
/** Counts the files of PM2's that node reads: more than a hundred where nothing prepared is used. */
const COUNTER = `if (process.env.COUNT) {
  const fs = require('fs');
  const read = fs.readFileSync;
  let reads = 0;
  fs.readFileSync = function (...args) { if (/\\.js$/.test(args[0])) reads++; return read.apply(this, args); };
  process.on('exit', () => fs.writeFileSync(process.env.COUNT, String(reads)));
}
`;

describeOnHost('what was prepared, after something has changed', () => {
  let host: Host;
  afterEach(() => host.dispose());

  async function prepared(node: '18' | '22' | '26' = '22'): Promise<void> {
    host = await createHost({ node });
    const path = `${host.pm2Package}/constants.js`;
    await host.write(path, COUNTER + (await host.read(path)));
    await host.must('sleep 0.1');
    await host.installGuard(CONFIG);
    await host.must('/usr/bin/pm2 ping', CALLER);
    expect(await isUsed()).toBe(true);
  }
  async function isUsed(): Promise<boolean> {
    await host.must('rm -f /tmp/count; pm2 jlist; test -s /tmp/count', { ...CALLER, env: { COUNT: '/tmp/count' } });
    return Number(await host.read('/tmp/count')) < 20;
  }
  const typed = async (pm2: string) => {
    const { status, stdout, stderr } = await host.run(`${pm2} nosuch`, CALLER);
    return {
      status,
      stdout,
      stderr: stderr.replace(/\n +at (?:Module\.exec|process\.proc|node:internal\/main).*/g, ''),
    };
  };

  const package_ = '/usr/lib/node_modules/pm2';
  it.each([
    [
      'a file, in place, as long as before, with its old time',
      `cp -p ${package_}/constants.js /tmp/old
      sed 's/\\[PM2\\]/[XYZ]/' /tmp/old > /tmp/new; cat /tmp/new > ${package_}/constants.js
      touch -r /tmp/old ${package_}/constants.js`,
    ],
    ['a file that is replaced', `sed -i 's/Command not found/No such command/' ${package_}/lib/binaries/CLI.js`],
    [
      'a module that comes before another',
      `mkdir -p ${package_}/lib/node_modules/debug
      cd ${package_}/lib/node_modules/debug
      echo 'console.log("shadow"); module.exports = () => () => undefined' > index.js`,
    ],
    [
      'a file that comes before a directory or another ending',
      `echo 'console.log("before")' > ${package_}/lib/tools/which`,
    ],
    [
      'the main file that a package.json names',
      `echo 'console.log("main"); module.exports = () => () => undefined' > ${package_}/node_modules/debug/src/other.js
      sed -i 's#"main": "[^"]*"#"main": "./src/other.js"#' ${package_}/node_modules/debug/package.json`,
    ],
    ['a package.json that was not there', `echo '{"type":"module"}' > ${package_}/lib/tools/package.json`],
    ['a file that is gone', `rm ${package_}/lib/tools/which.js`],
    [
      'another version, as npm puts it there',
      `mv ${package_} /srv/old && cp -r ${checkout}/.cache/pm2/6.0.14/lib/node_modules/pm2 ${package_}`,
    ],
    ['an owner', `chown alice ${package_}/lib/tools`],
  ])('%s: the very next call is as without it', async (_, change) => {
    await prepared();
    await host.must('sleep 0.05');
    await host.must(change, { cwd: '/' });
    const bare = await typed('/usr/bin/pm2');
    expect(await typed('pm2')).toEqual(bare);
    await host.must('/usr/bin/pm2 kill || :; rm -rf /home/ops/.pm2', CALLER);
  });

  it.each([
    ['cut short', `truncate -s -100 ${FILE}`],
    ['empty', `: > ${FILE}`],
    ['noise', `head -c 100000 /dev/urandom > ${FILE}`],
    ['noise in its middle', `dd if=/dev/urandom of=${FILE} bs=1 seek=900000 count=5000 conv=notrunc`],
    ['noise in its code', `dd if=/dev/urandom of=${FILE} bs=1 seek=200000 count=5000 conv=notrunc`],
    ['longer', `echo more >> ${FILE}`],
    ['to be written by a group', `chmod 664 ${FILE}`],
    ["a user's", `chown ops ${FILE}`],
    ["in a directory of a user's", 'chown ops /var/cache/pm2-guard'],
    ['a directory', `rm ${FILE}; mkdir ${FILE}`],
    ['a FIFO', `rm ${FILE}; mkfifo ${FILE}`],
    [
      "a link to a user's file",
      `cp -p ${FILE} /home/ops/copy; chown ops /home/ops/copy; ln -sf /home/ops/copy ${FILE}`,
    ],
    ['of a format to come', `sed -i '2s/"format":1/"format":9/' ${FILE}`],
    ['gone', `rm ${FILE}`],
    ['not to be read', `chmod 600 ${FILE}`],
  ])('a file that is %s is left aside in silence, and made again by root', async (_, damage) => {
    await prepared();
    await host.must(`${damage}; sleep 0.05`, { cwd: '/' });
    expect(await host.run('pm2 ping', CALLER)).toMatchObject({ status: 0, stderr: '' });
    expect(await isUsed()).toBe(false);
    await host.must('chown root /var/cache/pm2-guard; pm2-guard install');
    expect(await isUsed()).toBe(true);
  });

  it('another node at the same place', async () => {
    await prepared('22');
    await host.must(`cp ${checkout}/.cache/node/24*/bin/node /usr/bin/node.new && mv /usr/bin/node.new /usr/bin/node`);
    expect(await isUsed()).toBe(false);
    await host.must('pm2-guard install');
    expect(await isUsed()).toBe(true);
  });

  it("root's next call prepares a pm2 that npm has replaced", async () => {
    await prepared();
    await host.must(
      `cp -r ${host.pm2Package} /srv/new && rm -rf ${host.pm2Package} && cp -r /srv/new ${host.pm2Package} && ` +
        'sleep 0.1',
    );
    expect(await isUsed()).toBe(false);
    await host.must('pm2 jlist > /dev/null', { cwd: '/' });
    for (let tries = 0; tries < 50 && !(await isUsed()); tries += 1) await host.must('sleep 0.2');
    expect(await isUsed()).toBe(true);
    expect(
      (await host.tree('/var/cache/pm2-guard')).map(({ path, owner, mode }) => `${path} ${owner} ${mode}`),
    ).toEqual(['/var/cache/pm2-guard root 755', `${FILE} root 644`]);
  });

  it("a pm2 of a user's is not prepared, by install nor by root's calls", async () => {
    host = await createHost();
    await host.must(`mkdir -p /opt/hers/lib/node_modules && cd /opt/hers/lib/node_modules &&
      cp -r ${host.pm2Package} . && chown -R alice pm2/node_modules/debug
      sed -i '1i require("fs").writeFileSync("/tmp/ran." + process.getuid(), "");' \\
        pm2/node_modules/debug/src/index.js`);
    await host.installGuard(`${CONFIG}    pm2: /opt/hers/lib/node_modules/pm2/bin/pm2\n`);
    await host.must('pm2 ping', CALLER);
    await host.must('pm2-guard install');
    expect(await host.exists('/tmp/ran.0')).toBe(false);
    expect((await host.run('pm2 ping', CALLER)).status).toBe(0);
    const made = await host.read('/var/cache/pm2-guard/opt-hers-lib-node_modules-pm2,usr-bin-node');
    expect(made.split('\n')[1]).toMatch(/"none":"[^"]*\/debug is owned by uid/);
  });
});
