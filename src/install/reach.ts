import { existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { firstPm2 } from './finds.ts';
import { look, type Ledger } from './ledger.ts';
import { npmDirectory } from './packages.ts';
import { COMMAND_LINK, LIBRARY, OURS, PM2_LINK, PROFILE, SHIMS, SUDOERS } from './places.ts';
import { securePath } from './sudo.ts';
import { ownership, strayFiles } from '../sudoers/file.ts';
import { OPERATORS_FILE } from '../sudoers/drop-in.ts';
import { faultOfText, sudoersFault, visudoHere } from '../sudoers/visudo.ts';
import { distrust } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';

const PROFILE_TEXT = `# Written by ${OURS}, removed by pm2-guard uninstall: login shells find the pm2 of pm2-guard first.
case ":\${PATH-}:" in
  :${SHIMS}:*) ;;
  *) PATH=${SHIMS}\${PATH:+:$PATH} ;;
esac
`;

/** Login shells of everybody: /etc/profile reads what is there (bash, dash, busybox; not zsh, fish, csh). */
export function reachLogins(ledger: Ledger): void {
  if (!existsSync(dirname(PROFILE))) ledger.note(PROFILE, 'kept', `this system has no ${dirname(PROFILE)}`);
  else if (isOthers(PROFILE)) ledger.note(PROFILE, 'refused', 'is not ours');
  else ledger.file(PROFILE, Buffer.from(PROFILE_TEXT), 0o644);
}

/** Everything with a PATH that was never set by a shell: ssh commands, PHP, sudo; as long as npm has no pm2 of its own there. */
export function reachDefaultPath(ledger: Ledger): void {
  if (isNpmsCommand()) ledger.note(COMMAND_LINK, 'kept', 'is npm\'s');
  else ledger.link(COMMAND_LINK, join(SHIMS, 'pm2-guard'));
  if (look(PM2_LINK) === null || isOwnLink(PM2_LINK)) ledger.link(PM2_LINK, join(SHIMS, 'pm2'));
  else ledger.note(PM2_LINK, 'kept', 'is a pm2 already: calls that search /usr/local/bin first find that one');
}

/** `sudo pm2`: a drop-in, where sudo would find another pm2 before ours, or none. */
export function reachSudo(ledger: Ledger): void {
  const current = securePath();
  switch (current.type) {
    case 'absent': { ledger.note(SUDOERS, 'kept', 'not needed: sudo is not installed'); return; }
    case 'unknown': { ledger.note(SUDOERS, 'kept', 'this sudo does not tell its secure_path (sudo -V)'); return; }
    case 'none': { ledger.note(SUDOERS, 'kept', 'not needed: sudo searches the caller\'s own PATH'); return; }
    case 'set': break;
  }
  if (isOthers(SUDOERS)) { ledger.note(SUDOERS, 'refused', 'is not ours'); return; }
  const others = current.path.split(':').filter((directory) => directory !== SHIMS).join(':');
  const find = firstPm2(others, ledger.changes.some(({ path, outcome }) => path === PM2_LINK && outcome !== 'kept') ? PM2_LINK : null);
  if (find.type === 'shim') {
    if (look(SUDOERS) === null) ledger.note(SUDOERS, 'kept', `not needed: sudo finds ${find.path} first`);
    else removeDropIn(ledger, SUDOERS);
    return;
  }
  writeDropIn(ledger, others, find.type === 'none' ? 'sudo would find no pm2' : `sudo would find ${find.path} first`);
}

function writeDropIn(ledger: Ledger, others: string, why: string): void {
  if (/["\\\n]/.test(others)) { ledger.note(SUDOERS, 'refused', `the secure_path of sudo holds a character that cannot be repeated: ${others}`); return; }
  // Never add to what is broken: afterwards nobody could tell whose fault it is, and sudo may be the only way to root.
  const before = sudoersFault();
  if (before !== null) { ledger.note(SUDOERS, 'refused', `left alone because sudoers is not in order: ${before}`); return; }
  const text = Buffer.from(`# Written by ${OURS}, removed by pm2-guard uninstall: ${why}.\nDefaults secure_path="${SHIMS}:${others}"\n`);
  const old = look(SUDOERS) === null ? null : readFileSync(SUDOERS);
  const fault = faultOfText(text);
  if (fault !== null) { ledger.note(SUDOERS, 'refused', fault); return; }
  // Why it was written then is no reason to write it anew.
  const same = old?.toString().split('\n')[1] === text.toString().split('\n')[1];
  ledger.file(SUDOERS, same ? old ?? text : text, 0o440);
  if (ledger.dry) return;
  const now = securePath();
  const after = sudoersFault() ?? (now.type === 'set' && now.path === `${SHIMS}:${others}` ? null : 'it has no effect: another line of sudoers sets secure_path later, or /etc/sudoers.d is not included');
  if (after === null) return;
  ledger.changes.pop();
  if (old === null) rmSync(SUDOERS);
  else replaceFile(SUDOERS, old, 0o440);
  ledger.note(SUDOERS, 'refused', `taken back, ${after}`);
}

/** Takes every way to us away again; the sudoers first, which names our directory. */
export function withdraw(ledger: Ledger): void {
  if (look(SUDOERS) !== null && !isOthers(SUDOERS)) removeDropIn(ledger, SUDOERS);
  if (ownership() === 'ours') removeDropIn(ledger, OPERATORS_FILE);
  for (const stray of strayFiles()) ledger.remove(stray);
  if (look(PROFILE) !== null && !isOthers(PROFILE)) ledger.remove(PROFILE);
  for (const link of [PM2_LINK, COMMAND_LINK]) if (isOwnLink(link)) ledger.remove(link);
}

function removeDropIn(ledger: Ledger, file: string): void {
  ledger.remove(file);
  const fault = ledger.dry || visudoHere() === undefined ? null : sudoersFault();
  if (fault !== null) ledger.note('/etc/sudoers', 'refused', `is not in order, and was not so before either: ${fault}`);
}

/** There is a file of that name that install did not write. */
function isOthers(path: string): boolean {
  const stat = look(path);
  if (stat === null) return false;
  return !stat.isFile() || !readFileSync(path, 'utf8').split('\n', 1)[0]?.includes(OURS);
}

/** npm's own link, where its prefix is /usr/local: it would not upgrade its package over one of ours. */
function isNpmsCommand(): boolean {
  if (look(COMMAND_LINK)?.isSymbolicLink() !== true) return false;
  const target = resolve(dirname(COMMAND_LINK), readlinkSync(COMMAND_LINK));
  return target.startsWith(npmDirectory('/usr/local') + sep) && distrust(COMMAND_LINK, 'file') === null;
}

/** A link into our directory, also where what it leads to is gone. */
export function isOwnLink(path: string): boolean {
  if (look(path)?.isSymbolicLink() !== true) return false;
  return resolve(dirname(path), readlinkSync(path)).startsWith(LIBRARY + sep);
}
