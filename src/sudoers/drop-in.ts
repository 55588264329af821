import type { Daemon } from '../policy/policy.ts';
import { grantsOf, quoted, ruleOf, type Grant, type GrantedUsers } from './grants.ts';

/**
 * Read by sudo through `@includedir /etc/sudoers.d`, which passes over names with a dot or a ~ at the end
 * (sudoers(5)).
 */
export const OPERATORS_FILE = '/etc/sudoers.d/pm2-guard-operators';

/** The first line of the file begins with it: what has it may be replaced and removed. */
export const WRITTEN_BY = '# Written by pm2-guard sudoers';

/** The drop-in that a config asks for. */
export interface DropIn {
  /** The config it is made from. */
  config: string;
  grants: Grant[];
  /** Users of all daemons. */
  owners: string[];
  /** For people: operators that get no rule, daemons that are root's. */
  notes: string[];
  /** The whole file; there is always one to look at. */
  text: string;
  /** Someone is granted something: without that, no file is needed. */
  needed: boolean;
}

const PREFACE = `# Do not edit: change the operators in the config, then run:  sudo pm2-guard sudoers --write
#
# Each rule lets operators run one command, the pm2 of pm2-guard, as the user of a daemon; without a password, because a
# deploy job cannot type one. SETENV lets them hand variables to their apps, as in
#   NODE_ENV=production pm2 restart myapp --update-env
# and gives no power that the rule did not give: whoever may run pm2 as a user may run anything as that user (pm2 start).
# PM2_HOME and the variables that lead PM2 elsewhere are dropped by that pm2.
`;

/**
 * The drop-in for the operators of all daemons. Rules, comments and notes hold no character of a name that is not
 * escaped.
 */
export function dropInOf(config: string, daemons: readonly Daemon[], people: GrantedUsers): DropIn {
  const grants = grantsOf(daemons, people);
  const homes = new Map(daemons.map(({ name, home }) => [name, home]));
  const blocks = grants.map((grant) => blockOf(grant, homes));
  const nobody = grants.length === 0 ? ['# no daemon of the config names operators'] : [];
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
      PREFACE,
      ...nobody,
      blocks.join('\n\n'),
      '',
    ].join('\n'),
    needed: grants.some(({ operators }) => operators.length > 0),
  };
}

function blockOf(grant: Grant, homes: ReadonlyMap<string, string>): string {
  const rule = ruleOf(grant);
  return [
    ...grant.daemons.map(
      (name) => `# daemon ${quoted(name)}: ${quoted(grant.user)} in ${quoted(homes.get(name) ?? '')}`,
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

/**
 * The lines of a sudoers file that say something. A `#` starts a comment unless a uid or an inclusion follows
 * (sudo 1.9 plugins/sudoers/toke.l); to be safe, only `# ` and a `#` alone are taken for one.
 */
export function rulesIn(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !/^#(\s|$)/.test(line));
}
