/** The only command for operators: our shim (docs/contract.md section 8). */
export const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';

/** -1 means no id (setreuid(2)). */
const MAX_ID = 0xfffffffe;

export function rule(who: readonly string[], runas: string): string {
  return `${who.join(', ')} ALL=(${runas}) NOPASSWD:SETENV: ${SHIM}`;
}

/** Always one safe line: a comment if a name cannot be written in sudoers. `operator`: name, `%group`, `#1000`. */
export function sudoersLine(operator: string, user: string): string {
  const [who, runas] = [sudoersWord(operator), sudoersWord(user)];
  if (who !== null && runas !== null && !runas.startsWith('%') && !runas.startsWith('"%')) return rule([who], runas);
  return `# ${JSON.stringify(who === null ? operator : user).replace(/[^ -~]/g, '?')} cannot be named in sudoers`;
}

/**
 * One unambiguous token of sudoers(5); null if impossible. Bare only if it cannot be an alias (`DEPLOY`) or keyword.
 * Inside quotes, a leading `#`, `+`, `!` or `%:` keeps its meaning, and a backslash only escapes a quote (toke.l).
 */
export function sudoersWord(name: string): string | null {
  if (/^%?#\d{1,10}$/.test(name)) return Number(name.replace(/^%?#/, '')) <= MAX_ID ? name : null;
  if (/^%?[a-z_][a-z0-9_.-]{0,254}\$?$/.test(name)) return name;
  // Reject control, format, line and bidirectional characters, lone surrogates, and bytes that are not UTF-8.
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
