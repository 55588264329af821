export type UserName =
  | 'taken'
  /** Up to 233: systemd warns, and runs the service as root (CVE-2017-1000082, T27). */
  | 'ignored'
  | 'refused'
  /** Depends on the unknown version. */
  | 'unclear';

/** systemd.exec(5), systemd.io/USER_NAMES: names with a dot are valid since 244, nearly all since 246. */
export function systemdTakes(user: string, version: number | null): UserName {
  if (/^([A-Za-z_][A-Za-z0-9_-]{0,30}|\d+)$/.test(user)) return 'taken';
  const never = /[:/\u0000-\u001f\u007f]|^\s|\s$|^-\d+$|^\.\.?$/.test(user) || user.length > 255;
  if (version === null) return 'unclear';
  if (version < 234) return 'ignored';
  if (never) return 'refused';
  if (version >= 246) return 'taken';
  return version >= 244 && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}$/.test(user) && !/^\d+$/.test(user) ? 'taken' : 'refused';
}
