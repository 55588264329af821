import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, declaredAs, homeOf } from '../placement.ts';
import { inHome, listed } from '../words.ts';

/**
 * PD114, T36: PM2 makes its sockets writable by their group (lib/Daemon.js). Operators of the daemon may have that
 * right.
 */
export const openSocket: Check = {
  name: 'open socket',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { socketFile, home, pid, socket, user, uid } = daemon;
      if (socketFile === null) return [];
      const { group, members, open, mode } = socketFile;
      const operators = declaredAs(daemon)?.operators ?? [];
      const others = operators.includes(`%${group}`)
        ? []
        : members.filter((name) => !operators.includes(name) && name !== user);
      if (!open && others.length === 0) return [];
      const place = homeOf(daemon, facts);
      const who = open ? 'everybody' : listed(others);
      return [
        {
          code: 'PD114',
          urgency: open || uid === 0 ? 'urgent' : 'wrong',
          fix: null,
          trap: 'T36',
          subject: about({ home, pid, path: socket }),
          what: `${who} may command the daemon of ${user ?? 'a user without an account'} in ${home}`,
          evidence: [
            `${socket} has mode ${mode.toString(8).padStart(4, '0')}, owner ${socketFile.owner}, group ${group}`,
            ...(open ? [] : [`members of ${group}: ${listed(members)}`]),
          ],
          why:
            `A user who may write to the socket can have the daemon run anything, as ${user ?? 'its user'}. ` +
            `When it is down, the first of them who types pm2 status owns the new one.`,
          // PM2 sets the mode of its sockets anew whenever it starts; that of the home it leaves alone.
          repair:
            place === null || place.contents.files[0]?.uid !== place.owner?.uid
              ? []
              : inHome(place, ['chmod', 'go-rwx', home]),
        },
      ];
    }),
};
