/** The only command that operators are given: our shim (docs/contract.md section 5). */
export const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';

/** The highest uid or gid: -1 stands for none (setreuid(2)). */
const MAX_ID = 0xfffffffe;

/** One rule of sudoers(5): who may run the shim as whom. Both are words of sudoers already. */
export function rule(who: readonly string[], runas: string): string {
  return `${who.join(', ')} ALL=(${runas}) NOPASSWD:SETENV: ${SHIM}`;
}

/**
 * The line of sudoers(5) that lets an operator run pm2 as the user of a daemon.
 *
 * @param operator a login name, `%group`, or `#1000` for a uid without a name
 * @param user the daemon's
 * @returns always one line that sudo reads without harm: a comment where a name cannot be said in sudoers
 */
export function sudoersLine(operator: string, user: string): string {
  const [who, runas] = [sudoersWord(operator), sudoersWord(user)];
  if (who !== null && runas !== null && !runas.startsWith('%') && !runas.startsWith('"%')) return rule([who], runas);
  return `# ${JSON.stringify(who === null ? operator : user).replace(/[^ -~]/g, '?')} cannot be named in sudoers`;
}

/**
 * A login name, `%group`, `#uid` or `%#gid` as one word of sudoers(5) that means this and nothing else; null where
 * there is no such word. Left bare only where no rule of the grammar has another use for it: `DEPLOY` alone would be an
 * alias, `Defaults` a keyword. Quotes take away all of that but a leading `#`, `+` (netgroup), `!` and `%:`, which mean
 * the same inside (sudo 1.9 plugins/sudoers/toke.l); a backslash inside quotes is itself, but for one before a quote.
 */
export function sudoersWord(name: string): string | null {
  if (/^%?#\d{1,10}$/.test(name)) return Number(name.replace(/^%?#/, '')) <= MAX_ID ? name : null;
  if (/^%?[a-z_][a-z0-9_.-]{0,254}\$?$/.test(name)) return name;
  // Control, format, line and bidirectional characters, halves of a pair, and what stands for bytes that are no UTF-8.
  if (
    !/^%?[^#+!%:\s][^]{0,254}$/.test(name) ||
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u.test(name) ||
    /\s$/.test(name)
  )
    return null;
  if (!name.includes('\\')) return `"${name.replaceAll('"', '\\"')}"`;
  return name.replace(
    /^(%?)(.*)$/s,
    (_, percent: string, rest: string) => percent + rest.replace(/[^\p{L}\p{N}_.@-]/gu, '\\$&'),
  );
}
