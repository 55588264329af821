// pm2-guard-shim-door. PM2's own bin/pm2 lies unchanged beside this file, as pm2.pm2-guard-original.
// A call of pm2 by its path runs this file, which leads it to pm2-guard, as PATH leads the others.
// `pm2-guard unseal` puts PM2's file back. If pm2-guard is damaged or gone, this file runs PM2 with one line of
// warning, so that no app stays down because of pm2-guard.
// Any node that runs PM2 loads this: nothing newer than ES2015. A shell's line may stand above: no parenthesis at the
// start.
'use strict';

const fs = require('fs');
const path = require('path');

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';
const POLICY = '/var/lib/pm2-guard/policy.json';
const ORIGINAL = __filename + '.pm2-guard-original';
const DOOR = Symbol.for('pm2-guard.door');
const DECIDED = Symbol.for('pm2-guard.decided');

if (require.main !== module) open(); // require() of this file (T41)
else if (isDecided()) becomeOriginal();
else enter();

/** The guard has judged this call before: in this process, or in the one that became it (src/call/door.ts). */
function isDecided() {
  if (process[DECIDED]) {
    Reflect.deleteProperty(process, DECIDED);
    return true;
  }
  const [, , word] = process.argv;
  if (![process.pid, process.ppid].some((pid) => word === `--pm2-guard-decided=${pid}`)) return false;
  process.argv.splice(2, 1);
  return true;
}

/** The shim is JavaScript too. It throws if pm2-guard cannot be loaded. */
function enter() {
  try {
    if (!(parseInt(process.versions.node, 10) >= 18))
      throw new Error(`node ${process.versions.node} is older than the 18 that it needs`);
    if (process.versions.bun) throw new Error('it knows node, and this is bun');
    requireRootsOwn(SHIM);
    process[DOOR] = process.argv[1];
    delete process.env.PM2_GUARD_SHIM; // the shim's shell part sets it, which did not run here
    require(SHIM);
  } catch (error) {
    Reflect.deleteProperty(process, DOOR);
    const why = error.message.split('\n')[0];
    const cure = `install pm2-guard again, or take this seal away:  mv -f ${ORIGINAL} ${__filename}`;
    if (isClosed()) {
      say(`nothing is run: ${why}, and on_error is closed; ${cure}`);
      process.exit(127);
    }
    say(`not guarded: ${why}; ${cure}`);
    becomeOriginal();
  }
}

/** `on_error: closed` of the config, in the first line of the compiled policy (src/policy/save.ts). */
function isClosed() {
  try {
    requireRootsOwn(POLICY);
    return fs.readFileSync(POLICY, 'latin1').startsWith('{"onError":"closed",\n');
  } catch (_) {
    return false;
  }
}

/** Calls of all users load this file, so only root may be able to change it. */
function requireRootsOwn(file) {
  if (!fs.existsSync(file)) throw new Error(`${file} cannot be found`);
  for (let at = fs.realpathSync(file); ; at = path.dirname(at)) {
    const { uid, mode } = fs.lstatSync(at);
    if (uid !== 0 || mode & 0o022) throw new Error(`${at} can be changed by others than root`);
    if (at === path.dirname(at)) return;
  }
}

/** On the next tick the stack holds no frames of this file, so an error of PM2's shows only PM2's stack. */
function becomeOriginal() {
  process.nextTick(open);
}

/** Under this file's name: PM2 writes that of require.main into units (lib/API/Startup.js) and uses relative paths. */
function open() {
  module._compile(originalText().replace(/^#!/, '//'), __filename); // bun does not skip a first line with #!
}

function originalText() {
  let text = '';
  try {
    text = fs.readFileSync(ORIGINAL, 'utf8');
  } catch (_) {
    // reported below
  }
  if (text !== '' && text.slice(0, 1024).indexOf('pm2-guard-shim') < 0) return text;
  const [, prefix] = /^(.*)\/lib\/node_modules\/pm2\/bin\/pm2$/.exec(__filename) || [];
  const place = prefix ? `--prefix ${prefix} ` : '';
  say(`PM2's own bin/pm2 is gone: ${ORIGINAL}\n  run:  npm install -g ${place}pm2@${version()}`);
  process.exit(127);
}

function version() {
  try {
    return require('../package.json').version;
  } catch (_) {
    return 'latest';
  }
}

function say(line) {
  try {
    fs.writeSync(2, `pm2-guard: ${line}\n`);
  } catch (_) {
    // a closed stderr must not stop an app from booting
  }
}
