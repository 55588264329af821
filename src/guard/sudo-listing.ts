import { lazyBuiltin } from '../runtime/late.ts';
import { realpathOrSelf } from '../runtime/peek.ts';

/**
 * By the SETENV tag, or a rule for ALL (sudoers(5)). Without it sudo refuses the whole call (T09).
 *
 * @param user whom the command runs as
 * @param by who types it; null: this process's user. Only root may ask for others.
 */
export function mayKeepVariables(sudo: string, user: string, command: string, by: string | null = null): boolean {
  const of = by === null ? [] : ['-U', by];
  // sudo-rs has no SETENV in its long listing, and shows resolved paths.
  return (
    hasTag(listing(sudo, ['-ll', ...of]), user, command) ||
    taggedShort(listing(sudo, ['-l', ...of]), user, realpathOrSelf(command))
  );
}

/** Empty: sudo does not answer. A password, if needed, was typed before. */
function listing(sudo: string, options: readonly string[]): string {
  const { stdout, status } = lazyBuiltin('node:child_process').spawnSync(sudo, ['-n', ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  return status === 0 ? stdout : '';
}

/** Reads `sudo -ll`. The last matching entry decides, as in sudo. */
export function hasTag(listing: string, user: string, command: string): boolean {
  let answer = false;
  for (const entry of listing.split(/^(?:Sudoers|LDAP Role|SSSD Role).*$/m).slice(1)) {
    const field = (name: string) => new RegExp(`^ +${name}: (.*)$`, 'm').exec(entry)?.[1]?.split(', ') ?? [];
    const commands = (/^ +Commands:\n((?:[\t ]+.*\n?)*)/m.exec(entry)?.[1] ?? '')
      .split('\n')
      .map((line) => line.trim());
    const users = field('RunAsUsers');
    if (!users.includes(user) && !users.includes('ALL')) continue;
    if (commands.includes('ALL')) answer = !field('Options').includes('!setenv');
    else if (commands.includes(command)) answer = field('Options').includes('setenv');
  }
  return answer;
}

/** Reads `sudo -l`. A tag holds for the commands behind it ("Tag_Spec" in sudoers(5)). The last match decides. */
export function taggedShort(text: string, user: string, command: string): boolean {
  let answer = false;
  // A long line continues in the next, further indented.
  for (const line of text.replace(/\n {8,}/g, ' ').split('\n')) {
    const [, users, commands = ''] = /^ {4}\(([^):]*)[^)]*\) (.*)$/.exec(line) ?? [];
    const named = users?.split(',').map((name) => name.trim()) ?? [];
    if (!named.includes(user) && !named.includes('ALL')) continue;
    let tag: boolean | null = null;
    for (const part of commands.split(/(?<!\\), /)) {
      const [, tags = '', name = ''] = /^((?:[A-Z_]+: ?)*)(.*)$/.exec(part) ?? [];
      if (/\bSETENV:/.test(tags)) tag = true;
      if (tags.includes('NOSETENV:')) tag = false;
      if (name === 'ALL') answer = tag ?? true;
      else if (name === command) answer = tag ?? false;
    }
  }
  return answer;
}
