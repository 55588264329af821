import { about, type Check, type DoctorFinding } from '../finding.ts';
import { CONFIG_PLACES } from '../../policy/places.ts';
import type { Program } from '../programs.ts';
import { packageCommand } from '../../terminal/package-command.ts';
import { rootCommand } from '../../terminal/root-command.ts';

export const vanishingPrograms: Check = {
  name: 'recorded pm2 and node that are gone or will be',
  find: ({ guard, policy }) =>
    guard.programs.map((program): DoctorFinding => {
      const { of, path, pinnedFor, gone, vanishing } = program;
      const whose = pinnedFor === null ? `the ${of} that install recorded` : `the ${of} of daemon "${pinnedFor}"`;
      const will = vanishing?.why ?? '';
      return {
        code: 'PD504',
        urgency: gone ? 'wrong' : 'untidy',
        what: `${whose} ${gone ? 'is gone' : 'will go'}: ${path}`,
        evidence: [gone ? `${path} is not there` : `${path} ${will}`],
        why:
          of === 'node'
            ? "root's calls of pm2 then run another node, or end with 127 where there is none."
            : 'Calls of pm2 then run another pm2, or end with 127 where there is none.',
        repair: repairOf(program, policy?.file ?? CONFIG_PLACES[0]),
        fix: null,
        trap: null,
        subject: about({ path }),
      };
    }),
};

/** People choose the pins in the config, so no command replaces one. */
function repairOf({ of, pinnedFor, gone, other }: Program, config: string): string[][] {
  if (pinnedFor !== null)
    return [
      ['sudoedit', config],
      ['pm2-guard', 'check'],
    ];
  if (other !== null || (gone && of === 'node')) return [rootCommand('install')];
  return of === 'node'
    ? [['sudo', ...packageCommand('nodejs')], rootCommand('install')]
    : [['sudo', 'npm', 'install', '-g', '--prefix', '/usr/local', 'pm2'], rootCommand('install')];
}
