import type { Changeable, InstalledCopy } from '../../host/installations/copies.ts';
import { userOfUnit } from '../boots.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import type { DoctorFacts } from '../guard-facts.ts';
import { as } from '../words.ts';

/** PD501, PD502: code that root runs and other users can change. */
export const changeableCode: Check = {
  name: 'pm2 and node that others can change',
  find: (facts) =>
    facts.copies.flatMap((copy): DoctorFinding[] => {
      const { of, file, changeable } = copy;
      const uses = usesByRoot(copy, facts);
      if (changeable === null || uses.length === 0) return [];
      return [
        {
          code: of === 'pm2' ? 'PD501' : 'PD502',
          urgency: 'urgent',
          what: `root runs a ${of} that others can change: ${file}`,
          evidence: [`${changeable.path} ${changeable.why}`, ...uses],
          why: "A user who can change it has root's rights the next time it runs.",
          repair: repairOf(copy, changeable),
          fix: null,
          trap: null,
          subject: about({ path: file }),
        },
      ];
    }),
};

/** Code that a user owns stays as it is: root should use another copy. */
function repairOf({ of, file }: InstalledCopy, { path, kind }: Changeable): string[][] {
  const within = of === 'pm2' && path.startsWith(packageOf(file));
  const [options, place] = within ? [['-R'], packageOf(file)] : [[], path];
  switch (kind) {
    case 'writable':
      return [['sudo', 'chmod', ...options, 'go-w', place]];
    case 'owner':
      return system(file) ? [['sudo', 'chown', '-h', ...options, 'root:root', place]] : [];
    case 'other':
      return [];
  }
}

function usesByRoot({ of, file }: InstalledCopy, { units, boot, daemons, guard }: DoctorFacts): string[] {
  return [
    ...units
      .filter(
        (unit) => userOfUnit(unit) === 'root' && (of === 'pm2' ? unit.program : unit.node) === file && unit.enabled,
      )
      .map(({ name }) => `${name} starts it as root at boot`),
    ...daemons
      .filter((daemon) => of === 'node' && daemon.uid === 0 && !daemon.elsewhere && daemon.process?.exe === file)
      .map(({ pid, pm2Home }) => `root's daemon in ${pm2Home}, pid ${pid ?? '?'}, runs on it`),
    ...boot.crontabs
      .filter(({ user, command }) => user === 'root' && command.includes(file))
      .map(({ file: table, line }) => `${table}:${line} runs it as root`),
    ...([guard.status.pm2?.path, guard.status.node].includes(file) ? ['the guard has recorded it'] : []),
    ...(system(file) ? ["the PATH of every user finds it, root's too"] : []),
  ];
}

function system(file: string): boolean {
  return /^\/usr\/(local\/)?(bin|lib\/node_modules)\//.test(file);
}

function packageOf(file: string): string {
  return file.replace(/\/bin\/[^/]*$/, '');
}

export const severalVersions: Check = {
  name: 'versions of pm2',
  find: ({ copies }) => {
    const pm2s = copies.filter(({ of, version }) => of === 'pm2' && version !== null);
    if (new Set(pm2s.map(({ version }) => version)).size < 2) return [];
    const extra = pm2s.filter(({ file }) => !system(file));
    return [
      {
        code: 'PD503',
        urgency: 'untidy',
        what: `there are ${pm2s.length} pm2 on this host, of different versions`,
        evidence: pm2s.map(({ file, version }) => `${version ?? ''}  ${file}`),
        why:
          'Which one is called depends on the way in: a client of another version says "In-memory PM2 is ' +
          'out-of-date", and pm2 update restarts every app.',
        // npm runs as the owner, because it runs code that the owner of the prefix can change.
        repair: extra.flatMap(({ file, owner }) => {
          const words = [
            'npm',
            'uninstall',
            '--global',
            '--prefix',
            packageOf(file).replace(/\/lib\/node_modules\/pm2$/, ''),
            'pm2',
          ];
          if (owner === 'root') return [words];
          return owner === null ? [] : [as(owner, words)];
        }),
        fix: null,
        trap: 'T10',
        subject: about({ path: extra[0]?.file ?? pm2s[0]?.file ?? null }),
      },
    ];
  },
};
