import { late } from '../runtime/late.ts';

/**
 * Whether sudo would let the caller hand variables to `command` as `user`: the SETENV tag, or a rule for ALL commands, which
 * implies it (sudoers(5)). Asked before they are handed over, because sudo refuses the whole call otherwise (T09).
 *
 * @param sudo absolute path of the real one
 */
export function mayKeepVariables(sudo: string, user: string, command: string): boolean {
  // A terminal was asked for the password before, where one is needed; here nobody waits.
  const { stdout, status } = late('node:child_process').spawnSync(sudo, ['-n', '-ll'], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });
  return status === 0 && tagged(stdout, user, command);
}

/** Reads `sudo -ll`: entries of `Name: value` lines, the commands one a line below. The last entry that fits decides, as in sudo. */
export function tagged(listing: string, user: string, command: string): boolean {
  let answer = false;
  for (const entry of listing.split(/^(?:Sudoers|LDAP Role|SSSD Role).*$/m).slice(1)) {
    const field = (name: string) => new RegExp(`^ +${name}: (.*)$`, 'm').exec(entry)?.[1]?.split(', ') ?? [];
    const commands = (/^ +Commands:\n((?:[\t ]+.*\n?)*)/m.exec(entry)?.[1] ?? '').split('\n').map((line) => line.trim());
    const users = field('RunAsUsers');
    if (!users.includes(user) && !users.includes('ALL')) continue;
    if (commands.includes('ALL')) answer = !field('Options').includes('!setenv');
    else if (commands.includes(command)) answer = field('Options').includes('setenv');
  }
  return answer;
}
