import { rootCommand, wayToInstall } from '../../terminal/root-command.ts';
import { stateInWords } from '../../sudoers/file.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import type { GuardFacts } from '../guard-facts.ts';

export const guardItself: Check = {
  name: 'pm2-guard itself',
  find: ({ guard, asRoot }) => {
    const { status } = guard;
    if (status.installed === null) {
      return [
        finding({
          code: 'PD601',
          urgency: 'wrong',
          what: 'pm2-guard is not installed on this host',
          evidence: ['there is no /usr/local/lib/pm2-guard/bin/pm2'],
          why: 'What is repaired today comes back with the next sudo pm2.',
          repair: [wayToInstall(__dirname).split(' ')],
        }),
      ];
    }
    return [
      ...installation(guard),
      ...trust(guard),
      ...config(guard),
      ...ways(guard),
      ...(asRoot ? rights(guard) : []),
      ...seals(guard),
    ];
  },
};

function installation({ status, broken }: GuardFacts): DoctorFinding[] {
  const evidence = [
    ...broken,
    ...(status.installed === status.version
      ? []
      : [`installed is ${status.installed ?? 'none'}, and this is ${status.version}`]),
  ];
  if (evidence.length === 0) return [];
  return [
    finding({
      code: 'PD601',
      urgency: 'wrong',
      what: 'the installation of pm2-guard is not whole',
      evidence,
      why: 'Calls of pm2 may fail, or reach the real pm2 unguarded.',
      repair: [rootCommand('install')],
    }),
  ];
}

function trust({ changeable }: GuardFacts): DoctorFinding[] {
  return changeable.map(({ kind, path, why }) =>
    finding({
      code: 'PD602',
      urgency: 'urgent',
      what: `others than root can change what the guard runs or believes: ${path}`,
      evidence: [`${path} ${why}`],
      why: 'A user who can write there decides what root runs.',
      repair: [kind === 'owner' ? ['sudo', 'chown', '-h', 'root:root', path] : ['sudo', 'chmod', 'go-w', path]],
      subject: about({ path }),
    }),
  );
}

function config({
  status: {
    config: { state, file, message },
  },
}: GuardFacts): DoctorFinding[] {
  if (message === null) return [];
  return [
    finding({
      code: 'PD603',
      urgency: 'wrong',
      what:
        state === 'last good'
          ? 'the config cannot be used: the last good one holds'
          : 'the config cannot be used, and there is no last good one',
      evidence: message.split('\n'),
      why:
        state === 'last good'
          ? 'What was changed since is not in force.'
          : 'Every call of pm2 ends with status 78 where on_error is closed; where it is open, none is stopped.',
      repair: [['pm2-guard', 'check']],
      subject: about({ path: file }),
    }),
  ];
}

function ways({ status }: GuardFacts): DoctorFinding[] {
  // install does not cover the other ones. status and verify report them.
  const open = status.ways.filter(({ ours, finds }) => ours && finds?.type === 'other');
  if (open.length === 0) return [];
  return [
    finding({
      code: 'PD604',
      urgency: 'wrong',
      what: `not every way of typing pm2 leads to the guard: ${open.map(({ way }) => way).join(', ')}`,
      evidence: open.map(
        ({ way, finds, path }) => `${way}: ${finds?.type === 'other' ? finds.path : ''} comes first in ${path ?? ''}`,
      ),
      why: 'A call of this kind falls into the trap as before.',
      repair: [rootCommand('install'), rootCommand('verify')],
    }),
  ];
}

function rights({ status: { sudoers } }: GuardFacts): DoctorFinding[] {
  const words = sudoers?.state === 'differs' || sudoers?.state === 'missing' ? stateInWords(sudoers) : null;
  if (words === null) return [];
  return [
    finding({
      code: 'PD605',
      urgency: sudoers?.state === 'differs' ? 'wrong' : 'untidy',
      what: 'the rights of the operators are not what the config asks for',
      evidence: [words.replace(/; run:.*$/, '')],
      why: 'Operators are refused what they may do, or may do what they should not.',
      repair: [rootCommand('sudoers', '--write')],
      subject: about({ path: '/etc/sudoers.d/pm2-guard-operators' }),
    }),
  ];
}

/** npm installs an unsealed pm2 with each upgrade. */
function seals({ seals: known }: GuardFacts): DoctorFinding[] {
  return known
    .filter(({ state, requested }) => requested && state !== 'sealed' && state !== 'hidden')
    .map(({ package: directory, state, version }) =>
      finding({
        code: 'PD606',
        urgency: 'wrong',
        what: `${directory} was sealed, and is not any more`,
        evidence: [
          `PM2 ${version ?? ''}: ${
            state === 'outdated'
              ? 'sealed by another pm2-guard'
              : state === 'broken'
                ? 'its own bin/pm2 is gone from beside the door'
                : "its bin/pm2 is PM2's own"
          }`,
        ],
        why: 'Calls by its path go round the guard: cron, units, version managers.',
        repair: [rootCommand('seal')],
        subject: about({ path: directory }),
      }),
    );
}

function finding(
  parts: Omit<DoctorFinding, 'fix' | 'trap' | 'subject'> & { subject?: DoctorFinding['subject'] },
): DoctorFinding {
  return { fix: null, trap: null, subject: about({}), ...parts };
}
