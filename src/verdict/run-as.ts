import { withoutOptions } from '../pm2/edit-command-line.ts';
import type { RunAs } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { classOf } from './command-class.ts';
import type { VerdictQuestion } from './decide.ts';
import type { Block, Rewrite } from './verdict.ts';
import { callOf } from './words.ts';

/** Options by which root's daemon runs an app as another user, as commander names them. */
const RUN_AS = ['uid', 'gid', 'user'] as const;

/** Removes `--uid www-data` if the call becomes that user: PM2 refuses it there (verifyConfs in lib/Common.js). */
export function withoutRunAs(rewrite: Rewrite, { invocation, evidence }: VerdictQuestion): Rewrite | Block {
  const { daemon } = rewrite;
  if (daemon.uid === 0) return rewrite;
  const typed = RUN_AS.flatMap((option) => {
    const value = invocation.line.options[option];
    return typeof value === 'string' && value !== '' ? [{ option, value }] : [];
  });
  const foreign = typed.find(({ option, value }) => !namesOwner(option, value, daemon));
  if (foreign)
    return refuse(
      rewrite,
      `${callOf(invocation)} asks to run as ${foreign.option === 'gid' ? 'group ' : ''}${foreign.value}`,
      `--${foreign.option}`,
    );
  const declared =
    classOf(invocation) === 'ends' ? [] : [...(evidence.files?.values() ?? [])].flatMap((apps) => apps ?? []);
  const inFile = declared.flatMap(({ name, runAs }) => (runAs ? [{ name, runAs }] : []));
  const other = inFile.find(({ runAs }) => !isOwner(runAs, daemon));
  if (other) {
    const asked = [other.runAs.user, other.runAs.group === null ? null : `group ${other.runAs.group}`]
      .filter((one) => one !== null)
      .join(', ');
    return {
      ...refuse(rewrite, `${callOf(invocation)}: the process file says that ${other.name} runs as ${asked}`, 'user'),
      advice: [
        { label: 'fix', text: `take "user", "uid" and "gid" out of the process file, or declare a daemon of ${asked}` },
      ],
    };
  }
  const dropsRunAs = inFile.length > 0;
  if (typed.length === 0) return { ...rewrite, dropsRunAs };
  const argv = withoutOptions(invocation, invocation.context, RUN_AS);
  if (argv === null)
    return refuse(
      rewrite,
      `${callOf(invocation)} asks to run as ${daemon.user}, which it does anyway`,
      typed.map(({ option }) => `--${option}`).join(', '),
    );
  return { ...rewrite, argv, dropsRunAs };
}

function namesOwner(option: string, value: string, { user, uid, gid, group }: Daemon): boolean {
  return option === 'gid' ? value === String(gid) || value === group : value === user || value === String(uid);
}

function isOwner({ user, group }: RunAs, daemon: Daemon): boolean {
  return (user === null || namesOwner('uid', user, daemon)) && (group === null || namesOwner('gid', group, daemon));
}

function refuse({ rule, daemon }: Rewrite, reason: string, option: string): Block {
  return {
    type: 'block',
    code: 'PG115',
    rule,
    daemon,
    reason: `${reason}.`,
    details: [
      `It belongs to daemon "${daemon.name}", whose apps run as ${daemon.user}. Only a daemon of root's can start ` +
        'apps as another user.',
    ],
    advice: [{ label: 'fix', text: `leave ${option} out, or declare a daemon of the user who should run it` }],
  };
}
