import type { Pm2Home } from '../../runtime/brands.ts';
import type { Pm2HomeFile } from '../../host/homes/home-files.ts';
import type { Pm2HomeFacts } from '../../host/homes/home-facts.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { distinctPm2Homes } from '../occupancy.ts';
import { as, asOwnerOf, pathsIn } from '../words.ts';

/** PM2's directories. Administrators often link them, to /var/log for example. */
const DIRECTORIES = ['logs', 'pids', 'modules'];

/** PD313, T14: symlinks, hard links and special files through which a root client would write elsewhere. */
export const oddFiles: Check = {
  name: 'links and oddities in a PM2_HOME',
  find: (facts) =>
    distinctPm2Homes(facts).flatMap((pm2HomeFacts) => {
      const { owner, detour } = pm2HomeFacts;
      if (owner !== null && detour !== null && detour.uid === owner.uid)
        return [led(pm2HomeFacts.pm2Home, owner.name, detour.path, pm2HomeFacts.physical)];
      const odd = pm2HomeFacts.contents.files.flatMap((file) => {
        const why = oddity(file, pm2HomeFacts);
        return why === null ? [] : [{ file, why }];
      });
      if (owner === null || odd.length === 0) return [];
      const [first] = pathsIn(
        pm2HomeFacts.pm2Home,
        odd.map(({ file }) => file),
      );
      return [
        {
          code: 'PD313',
          urgency: 'wrong' as const,
          what: `a pm2 of root's in ${pm2HomeFacts.pm2Home} would write to what is not PM2's`,
          evidence: odd.slice(0, 8).map(({ file, why }) => `${file.name} ${why}`),
          why: 'PM2 opens its files by name and follows links: pm2 save or flush as root overwrites what they lead to.',
          repair: asOwnerOf(pm2HomeFacts, [
            'rm',
            ...pathsIn(
              pm2HomeFacts.pm2Home,
              odd.slice(0, 8).map(({ file }) => file),
            ),
          ]),
          fix: null,
          trap: 'T14',
          subject: about({ home: pm2HomeFacts.pm2Home, path: first ?? null }),
        },
      ];
    }),
};

/** The PM2_HOME itself is a symlink of its user. doctor repairs nothing behind it. */
function led(pm2Home: Pm2Home, user: string, link: string, physical: string | null): DoctorFinding {
  return {
    code: 'PD313',
    urgency: 'untidy',
    what: `${pm2Home} is where a link of ${user}'s leads`,
    evidence: [`${link} is ${user}'s link; it leads to ${physical ?? 'nothing'}`],
    why:
      `${user} decides at every moment where a pm2 of root's would write. Its files are not looked at for owners, ` +
      'and doctor --fix does nothing there.',
    // No repair makes it a link of root: all code that trusts root's links would follow it.
    repair: physical === null ? [as(user, ['rm', link])] : [],
    fix: null,
    trap: 'T14',
    subject: about({ home: pm2Home, path: link }),
  };
}

function oddity(
  { name, type, links, uid, target }: Pm2HomeFile,
  { owner, physical, pm2Home }: Pm2HomeFacts,
): string | null {
  switch (type) {
    case 'link':
      // Root chose the target of its own link. No client writes through the links of modules.
      if (DIRECTORIES.includes(name) || name.startsWith('modules/') || target === null || uid === 0) return null;
      return [pm2Home, physical ?? pm2Home].some((place) => target.startsWith(`${place}/`)) ||
        !/^\/|(^|\/)\.\.(\/|$)/.test(target)
        ? null
        : `is a link to ${target}`;
    case 'file':
      return links > 1 && uid !== owner?.uid
        ? `is another name of a file that ${uid === 0 ? 'root' : `uid ${uid}`} owns`
        : null;
    case 'fifo':
      return 'is a FIFO: a program that opens it waits';
    case 'device':
      return 'is a device';
    case 'directory':
    case 'socket':
      return null;
  }
}
