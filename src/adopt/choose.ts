import type { Pm2Home } from '../runtime/brands.ts';
import { isShared } from '../host/draft/app-paths.ts';
import { ownersOfApp } from '../policy/app-owners.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { appOf } from '../pm2/process.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { adoptCommandWords } from './adopt-command.ts';
import { type AppSource } from './find.ts';
import type { NamedProcess } from './records.ts';
import type { Seat } from './seat.ts';

export interface AdoptWish {
  names: readonly string[];
  allStrays: boolean;
  /** Only apps of these sources; null: all. */
  from: readonly AppSource[] | null;
  /** Of the config; null: where the config puts each app. */
  to: Daemon | null;
}

/** All processes of one name in one daemon or list. */
export interface AppCopy {
  name: string;
  place: AppSource;
  processes: NamedProcess[];
}

export type AdoptChoice =
  /** It has to move. `stale`: PM2_HOMEs without a daemon whose lists would start another copy. */
  | { type: 'move'; copy: AppCopy; to: Seat; stale: AppSource[] }
  /** It already lives in the right daemon, or is saved there and does not run. */
  | { type: 'home'; name: string; daemon: string; pm2Home: Pm2Home }
  /** The config does not decide the target. */
  | { type: 'ambiguous'; name: string; why: string; next: string[] }
  | { type: 'unowned'; name: string; place: AppSource; next: string[] }
  /** A PM2 module: it is installed again, not moved. */
  | { type: 'module'; name: string; home: string }
  | { type: 'unknown'; name: string; strays: string[] };

/** Decides what to do about each selected app. It only resolves paths, and changes nothing. */
export function chooseMoves(places: readonly AppSource[], policy: Policy, wish: AdoptWish): AdoptChoice[] {
  const within = wish.from ?? places;
  const copies = within.flatMap(copiesIn);
  const everywhere = places.flatMap(copiesIn);
  const names =
    wish.allStrays || wish.names.length === 0
      ? [
          ...new Set(
            copies.filter((copy) => copy.place.state !== 'saved' || wish.from !== null).map(({ name }) => name),
          ),
        ].sort()
      : [...new Set(wish.names)];
  return names.flatMap((name) => {
    const module = within.find(({ modules }) => modules.includes(name));
    const chosen: AdoptChoice[] = module
      ? [{ type: 'module', name, home: module.pm2Home }]
      : chooseOne(
          name,
          copies.filter((copy) => copy.name === name),
          everywhere,
          policy,
          wish,
        );
    return wish.names.length === 0 ? chosen.filter(({ type }) => type !== 'unowned' && type !== 'home') : chosen;
  });
}

function chooseOne(
  name: string,
  copies: AppCopy[],
  everywhere: readonly AppCopy[],
  policy: Policy,
  wish: AdoptWish,
): AdoptChoice[] {
  if (copies.length === 0) return [{ type: 'unknown', name, strays: strayNames(everywhere, policy) }];
  const judged = copies.map((copy) => ({ copy, owners: wish.to === null ? ownersOf(copy, policy) : [wish.to] }));
  const strays = judged.filter(({ copy, owners }) => owners.length > 0 && !owners.some((owner) => isHome(copy, owner)));
  // A running copy counts before a saved one; lists of PM2_HOMEs without a daemon are cleaned too.
  const running = strays.filter(({ copy }) => copy.place.state !== 'saved');
  const candidates = running.length > 0 ? running : strays;
  const declaredIn = judged.flatMap(({ copy, owners }) =>
    owners.filter((owner) => copy.place.state === 'live' && isHome(copy, owner)).map((owner) => ({ copy, owner })),
  )[0];
  const [only, another] = candidates;
  if (only === undefined || (running.length === 0 && declaredIn !== undefined)) {
    if (declaredIn !== undefined) {
      const to = seatOfDaemon(declaredIn.owner);
      // The old list would start a second copy, so the app is removed from it.
      const stale = staleOf(declaredIn.copy, everywhere, to.pm2Home, policy)
        .flatMap(copiesIn)
        .filter((copy) => copy.name === name);
      return [
        { type: 'home', name, daemon: declaredIn.owner.name, pm2Home: declaredIn.owner.pm2Home },
        ...stale.map((copy): AdoptChoice => ({ type: 'move', copy, to, stale: [] })),
      ];
    }
    const asleep = judged.flatMap(({ copy, owners }) => owners.filter((owner) => isHome(copy, owner)))[0];
    if (asleep !== undefined) return [{ type: 'home', name, daemon: asleep.name, pm2Home: asleep.pm2Home }];
    const next = policy.daemons.map((daemon) => adoptCommandWords([name], { to: daemon.name }));
    return [{ type: 'unowned', name, place: copies[0]?.place as AppSource, next }];
  }
  if (another !== undefined) {
    return [
      {
        type: 'ambiguous',
        name,
        why: `${name} is in several daemons: ${candidates.map(({ copy }) => labelOf(copy.place)).join(', ')}`,
        next: candidates.map(({ copy }) => adoptCommandWords([name], { from: copy.place.pm2Home })),
      },
    ];
  }
  const [owner, second] = only.owners;
  if (owner === undefined || second !== undefined) {
    return [
      {
        type: 'ambiguous',
        name,
        why: `${name} may belong to ${only.owners.map((one) => one.name).join(' or ')}`,
        next: only.owners.map((one) => adoptCommandWords([name], { to: one.name })),
      },
    ];
  }
  const to = seatOfDaemon(owner);
  return [{ type: 'move', copy: only.copy, to, stale: staleOf(only.copy, everywhere, to.pm2Home, policy) }];
}

export function copiesIn(place: AppSource): AppCopy[] {
  const byName = new Map<string, NamedProcess[]>();
  for (const process of place.processes) {
    const { name } = process.record;
    const others = byName.get(name);
    if (others === undefined) byName.set(name, [process]);
    else others.push(process);
  }
  return [...byName].map(([name, processes]) => ({ name, place, processes }));
}

function ownersOf({ processes }: AppCopy, policy: Policy): Daemon[] {
  const app = appOf(processes[0]?.record);
  const rules = app === null ? [] : ownersOfApp(policy, app);
  return rules.flatMap(({ daemon }) => policy.daemons.find(({ name }) => name === daemon) ?? []);
}

function isHome({ place, processes }: AppCopy, owner: Daemon): boolean {
  if (place.pm2Home !== realpathOrSelf(owner.pm2Home)) return false;
  // A list copied from another PM2_HOME names that PM2_HOME in each record (T29).
  if (place.state === 'saved')
    return processes.every(
      ({ record }) => typeof record.PM2_HOME !== 'string' || realpathOrSelf(record.PM2_HOME) === place.pm2Home,
    );
  return place.state === 'live' && place.seat?.uid === owner.uid;
}

/** PM2_HOMEs without a daemon whose lists would start this app a second time against the config (T24). */
function staleOf(one: AppCopy, everywhere: readonly AppCopy[], pm2Home: Pm2Home, policy: Policy): AppSource[] {
  return everywhere
    .filter(
      (copy) =>
        copy.name === one.name &&
        copy.place.state === 'saved' &&
        copy.place !== one.place &&
        copy.place.pm2Home !== pm2Home &&
        sameProgram(copy, one) &&
        !ownersOf(copy, policy).some((owner) => isHome(copy, owner)),
    )
    .map(({ place }) => place);
}

/** Whether two copies run the same script, or a common program in the same directory: names may coincide (T35). */
export function sameProgram(one: AppCopy, other: AppCopy): boolean {
  const [app, twin] = [appOf(one.processes[0]?.record), appOf(other.processes[0]?.record)];
  return app?.script != null && app.script === twin?.script && (app.cwd === twin.cwd || !isShared(app.script));
}

function strayNames(everywhere: readonly AppCopy[], policy: Policy): string[] {
  return [
    ...new Set(
      everywhere
        .filter((copy) => copy.place.state !== 'saved')
        .filter((copy) => {
          const owners = ownersOf(copy, policy);
          return owners.length > 0 && !owners.some((owner) => isHome(copy, owner));
        })
        .map(({ name }) => name),
    ),
  ].sort();
}

function seatOfDaemon({ name, user, uid, gid, homeDirectory, shell, pm2Home }: Daemon): Seat {
  return { label: name, user, uid, gid, homeDirectory, shell, pm2Home: realpathOrSelf(pm2Home) };
}

export function labelOf({ seat, pm2Home, state }: AppSource): string {
  const how = { live: '', lost: ' (whose socket is gone)', saved: ' (saved, not running)' }[state];
  return `${seat?.user ?? 'an unknown user'} in ${pm2Home}${how}`;
}
