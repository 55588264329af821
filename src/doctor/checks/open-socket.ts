import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, declaredAs, pm2HomeOf } from '../placement.ts';
import { asOwnerOf, listed } from '../words.ts';

/** PD114, T36: PM2 lets the group write to its sockets (lib/Daemon.js). Operators of the daemon may do so. */
export const openSocket: Check = {
  name: 'open socket',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { socketFile, pm2Home, pid, socket, user, uid } = daemon;
      if (socketFile === null) return [];
      const { group, members, open, mode } = socketFile;
      const operators = declaredAs(daemon)?.operators ?? [];
      const others = operators.includes(`%${group}`)
        ? []
        : members.filter((name) => !operators.includes(name) && name !== user);
      if (!open && others.length === 0) return [];
      const place = pm2HomeOf(daemon, facts);
      const who = open ? 'every user' : listed(others);
      return [
        {
          code: 'PD114',
          urgency: open || uid === 0 ? 'urgent' : 'wrong',
          fix: null,
          trap: 'T36',
          subject: about({ home: pm2Home, pid, path: socket }),
          what: `${who} may command the daemon of ${user ?? 'a user without an account'} in ${pm2Home}`,
          evidence: [
            `${socket} has mode ${mode.toString(8).padStart(4, '0')}, owner ${socketFile.owner}, group ${group}`,
            ...(open ? [] : [`members of ${group}: ${listed(members)}`]),
          ],
          why:
            `A user who may write to the socket can have the daemon run anything, as ${user ?? 'its user'}. ` +
            `When it is down, the first of them who types pm2 status owns the new one.`,
          // Changes the mode of the PM2_HOME, because PM2 sets that of its sockets again at each start.
          repair:
            place === null || place.contents.files[0]?.uid !== place.owner?.uid
              ? []
              : asOwnerOf(place, ['chmod', 'go-rwx', pm2Home]),
        },
      ];
    }),
};
