import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../../host/facts.ts';
import { isGoodFor, wordOf } from '../../trust/word.ts';
import { bootsOf, pm2HomeAt, isSamePm2Home, type Boot } from '../boots.ts';
import { about, type Check } from '../finding.ts';
import { declaredAs, savedNames } from '../placement.ts';
import { occupancyOf } from '../occupancy.ts';
import { asOwnerOf, listed } from '../words.ts';

/** PD406, T24: an old unit whose saved apps run in another daemon now. */
export const formerBoots: Check = {
  name: 'boot units of former daemons',
  find: (facts) =>
    bootsOf(facts)
      .filter((boot) => isFormerBoot(boot, facts))
      .map((boot) => {
        const apps = savedBy(boot, facts);
        const pm2HomeFacts = pm2HomeAt(boot.pm2Home, facts);
        const now = witnesses(boot, facts).filter((daemon) => daemon.apps.some(({ name }) => apps.includes(name)));
        return {
          code: 'PD406',
          urgency: boot.enabled ? ('wrong' as const) : ('untidy' as const),
          what: `${boot.name} would bring back apps that live elsewhere now: ${listed(apps)}`,
          evidence: [
            `${boot.file} is ${boot.enabled ? 'enabled' : 'not enabled'}; no daemon lives in ${boot.pm2Home}`,
            ...now.map(({ user, pm2Home }) => `they run as ${user ?? 'an unknown user'} in ${pm2Home}`),
          ],
          why: boot.enabled
            ? 'It shows only when the machine is rebooted: then a second copy of each comes up with an old list.'
            : 'An administrator who enables or starts it by mistake gets a second copy of each, from an old list.',
          // Without dump.pm2, resurrect would start the backup.
          repair: [
            ...boot.retire,
            ...(pm2HomeFacts === undefined
              ? []
              : pm2HomeFacts.saved.flatMap(({ file }) =>
                  asOwnerOf(pm2HomeFacts, ['mv', `${boot.pm2Home}/${file}`, `${boot.pm2Home}/${file}.old`]),
                )),
          ],
          fix: null,
          trap: 'T24',
          subject: about({ home: boot.pm2Home, path: boot.file }),
        };
      }),
};

/** Whether no daemon runs in its PM2_HOME, and every app of its saved list runs in another daemon. */
export function isFormerBoot(boot: Boot, facts: HostFacts): boolean {
  const pm2HomeFacts = pm2HomeAt(boot.pm2Home, facts);
  if (pm2HomeFacts === undefined || occupancyOf(pm2HomeFacts, facts).type !== 'none') return false;
  const apps = savedBy(boot, facts);
  return (
    apps.length > 0 &&
    apps.every((name) => witnesses(boot, facts).some((daemon) => daemon.apps.some((app) => app.name === name)))
  );
}

/** Other daemons whose app lists count here: root's, declared ones, and those of the unit's own user. */
function witnesses(boot: Boot, facts: HostFacts): DaemonFacts[] {
  const owner = pm2HomeAt(boot.pm2Home, facts)?.owner ?? null;
  return facts.daemons.filter(
    (daemon) =>
      !isSamePm2Home(daemon.pm2Home, boot.pm2Home, facts) &&
      daemon.uid !== null &&
      (declaredAs(daemon) !== null || (owner !== null && isGoodFor(wordOf(daemon.uid), owner.uid))),
  );
}

function savedBy({ pm2Home }: Boot, facts: HostFacts): string[] {
  return [...new Set(savedNames(pm2HomeAt(pm2Home, facts)))];
}
