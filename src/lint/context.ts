import type { Form, User } from './model.ts';

/** Which user runs a file, as far as its path shows it. */
export function contextOfPath(path: string): { user: User; forms: readonly Form[] } {
  const root = (said: string): User => ({ kind: 'known', name: 'root', said });
  if (/(^|\/)(etc\/)?cron\.(hourly|daily|weekly|monthly)\//.test(path))
    return { user: root('its place in /etc/cron.*'), forms: ['cron'] };
  if (/(^|\/)etc\/(init\.d\/|rc\.local$)/.test(path)) return { user: root('its place in /etc'), forms: [] };
  const [, spool] = /(?:^|\/)var\/spool\/cron\/(?:crontabs\/)?([\w.-]+)$/.exec(path) ?? [];
  if (spool !== undefined) return { user: { kind: 'known', name: spool, said: 'the name of the crontab' }, forms: [] };
  if (/(^|\/)root\/\.(bashrc|profile|bash_profile|zshrc)$/.test(path))
    return { user: root('its place in /root'), forms: [] };
  return { user: { kind: 'unset' }, forms: [] };
}
