import { expect, it } from 'vitest';
import { verdict } from './cases.ts';

export const WEB = `
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp, "shop-*"]
    paths: [/var/www/html]
  ops:
    user: ops
    apps: [backup, "@tools/*"]
    paths: [/srv/tools]
`;
export const WITH_ROOT = `${WEB}  rootd:\n    user: root\n    apps: [rootjob]\n`;
export const TWO_HOMES = `
default: blue
daemons:
  blue: {user: deploy, home: /srv/blue/.pm2, apps: [site, api], paths: [/srv/blue]}
  green: {user: deploy, home: /srv/green/.pm2, apps: [site, jobs], paths: [/srv/green]}
`;
export const NO_DEFAULT = WEB.replace('default: web\n', '');
export const row =
  (config: string) =>
  (who: string, line: string, evidence = {}) =>
    verdict(config, who, line, evidence);
export const web = row(WEB);
export const rooted = row(WITH_ROOT);
export const bare = row(NO_DEFAULT);
export const is = (what: string, got: string, want: string) => {
  it(`${what}: ${want}`, () => {
    expect(got).toBe(want);
  });
};
export const app = (name: string, more = {}) => ({ name, namespace: null, script: null, cwd: null, ...more });
export const OLD = { state: 'callers' as const, user: null, apps: [] };
export const lives = (daemon: string, ...names: string[]) => ({
  sights: [{ daemon, source: 'socket' as const, apps: names.map((name) => app(name)) }],
});
