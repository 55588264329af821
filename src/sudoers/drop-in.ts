import type { Daemon } from '../policy/policy.ts';
import { grantsOf, quoted, ruleOf, type Grant, type GrantedUsers } from './grants.ts';
import { rootCommandLine } from '../terminal/root-command.ts';

/** `@includedir /etc/sudoers.d` skips names with a dot or with ~ at the end (sudoers(5)). */
export const OPERATORS_FILE = '/etc/sudoers.d/pm2-guard-operators';

/** The start of our file; only such a file may be replaced or removed. */
export const WRITTEN_BY = '# Written by pm2-guard sudoers';

export interface DropIn {
  config: string;
  grants: Grant[];
  owners: string[];
  /** For people: operators without a rule, and daemons of root. */
  notes: string[];
  text: string;
  needed: boolean;
}

const PREFACE = `#
# Each rule lets operators run one command, the pm2 of pm2-guard, as the user of a daemon; without a password, because a
# deploy job cannot type one. SETENV lets them hand variables to their apps, as in
#   NODE_ENV=production pm2 restart myapp --update-env
# SETENV gives no further power: a user who may run pm2 as another user may run anything as that user (pm2 start).
# PM2_HOME and the variables that lead PM2 elsewhere are dropped by that pm2.
`;

/** Names are escaped in rules, comments and notes. */
export function dropInOf(config: string, daemons: readonly Daemon[], people: GrantedUsers): DropIn {
  const grants = grantsOf(daemons, people);
  const pm2Homes = new Map(daemons.map(({ name, pm2Home }) => [name, pm2Home]));
  const blocks = grants.map((grant) => blockOf(grant, pm2Homes));
  const noGrants = grants.length === 0 ? ['# no daemon of the config names operators'] : [];
  return {
    config,
    grants,
    owners: [...new Set(daemons.map(({ user }) => user))].sort(),
    notes: grants.flatMap((grant) => [
      ...rootNotes(grant),
      ...grant.left.map((why) => `operators of ${grant.daemons.join(', ')}: ${why}`),
    ]),
    text: [
      `${WRITTEN_BY} from ${quoted(config)}, removed by pm2-guard uninstall.`,
      `# Do not edit: change the operators in the config, then run:  ${rootCommandLine('sudoers', '--write')}`,
      PREFACE,
      ...noGrants,
      blocks.join('\n\n'),
      '',
    ].join('\n'),
    needed: grants.some(({ operators }) => operators.length > 0),
  };
}

function blockOf(grant: Grant, pm2Homes: ReadonlyMap<string, string>): string {
  const rule = ruleOf(grant);
  return [
    ...grant.daemons.map(
      (name) => `# daemon ${quoted(name)}: ${quoted(grant.user)} in ${quoted(pm2Homes.get(name) ?? '')}`,
    ),
    ...rootNotes(grant).map((note) => `# WARNING: ${note}`),
    ...grant.left.map((why) => `# no rule for ${why}`),
    ...(rule === null ? [] : [rule]),
  ].join('\n');
}

function rootNotes({ root, operators, daemons }: Grant): string[] {
  if (!root || operators.length === 0) return [];
  return [
    `pm2 as root is root: ${operators.map(({ name }) => quoted(name)).join(', ')} can do everything on this host ` +
      `(daemon ${daemons.join(', ')})`,
  ];
}

/** Skips comments. `#` before a uid or an inclusion is no comment (sudo 1.9 plugins/sudoers/toke.l). */
export function rulesIn(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !/^#(\s|$)/.test(line));
}
