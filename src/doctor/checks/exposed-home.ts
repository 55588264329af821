import { octal, type Exchanger } from '../../host/homes/way.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { fixIn, type Deed } from '../fix.ts';
import { distinctPm2Homes } from '../occupancy.ts';
import { asOwnerOf, listed, pathsIn } from '../words.ts';
import type { Pm2HomeFacts } from '../../host/homes/home-facts.ts';

/** PD310, PD311, PD314: a PM2_HOME that others can read or replace. */
export const exposedPm2Homes: Check = {
  name: 'PM2_HOMEs that others can read or replace',
  find: (facts) =>
    distinctPm2Homes(facts).flatMap((pm2HomeFacts) => [
      ...secrets(pm2HomeFacts),
      ...served(pm2HomeFacts),
      ...exchangeable(pm2HomeFacts),
    ]),
};

/** T30: PM2 saves the environment of every app, with the mode that the umask leaves. */
function secrets(facts: Pm2HomeFacts): DoctorFinding[] {
  const {
    pm2Home,
    open,
    saved,
    contents: { files },
  } = facts;
  const exposed = saved.flatMap(({ file, apps }) => {
    const entry = files.find(({ name }) => name === file);
    const names = apps.filter((app) => app.secrets.length > 0);
    return entry !== undefined && open && (entry.mode & 0o004) !== 0 && names.length > 0
      ? [{ entry, apps: names }]
      : [];
  });
  if (exposed.length === 0) return [];
  const deeds = exposed
    .filter(({ entry }) => entry.links === 1)
    .map(({ entry: { name, dev, ino, mode } }): Deed => ({
      type: 'mode',
      name,
      dev,
      ino,
      from: mode,
      to: mode & 0o700,
    }));
  const paths = pathsIn(
    pm2Home,
    exposed.map(({ entry }) => entry),
  );
  return [
    {
      code: 'PD310',
      urgency: 'urgent',
      what: `every user of this host can read the secrets of the apps in ${pm2Home}`,
      evidence: exposed.flatMap(({ entry, apps }) => [
        `${pm2Home}/${entry.name} has mode ${octal(entry.mode)}`,
        ...[...new Map(apps.map((app) => [app.name, app])).values()]
          .slice(0, 5)
          .map((app) => `  ${app.name}: ${listed(app.secrets, 8)}`),
      ]),
      why:
        'PM2 saves the whole environment of each app, passwords and keys as they are. ' +
        'A file that is there keeps its mode when it is saved again.',
      repair: exposed.every(({ entry }) => entry.uid === facts.owner?.uid)
        ? asOwnerOf(facts, ['chmod', 'go=', ...paths])
        : [],
      fix: fixIn(facts, deeds),
      trap: 'T30',
      subject: about({ home: pm2Home, path: paths[0] ?? null }),
    },
  ];
}

/** Users that run web servers. The server can read their files whatever the mode. */
const WEB_SERVERS = ['www-data', 'nginx', 'apache', 'http', 'httpd', 'wwwrun', 'caddy'];

function served(facts: Pm2HomeFacts): DoctorFinding[] {
  const {
    pm2Home,
    served: directory,
    contents: {
      files: [own],
    },
    owner,
  } = facts;
  if (directory === null || own === undefined || owner === null) return [];
  const isServers = WEB_SERVERS.includes(owner.name);
  if (!isServers && (own.mode & 0o005) === 0) return [];
  return [
    {
      code: 'PD311',
      urgency: 'urgent',
      what: `${pm2Home} lies in a directory that a web server hands out`,
      evidence: [
        `${directory.path} is ` +
          `served${directory.source === null ? ' where nothing else is configured' : `, by ${directory.source}`}`,
        `the PM2_HOME is ${owner.name}'s, mode ${octal(own.mode)}`,
      ],
      why:
        'dump.pm2 and the logs, with the passwords in them, are one request away; few servers refuse names that ' +
        'begin with a dot.',
      repair: isServers || own.uid !== owner.uid ? [] : asOwnerOf(facts, ['chmod', 'go=', pm2Home]),
      fix: null,
      trap: 'T30',
      subject: about({ home: pm2Home, path: pm2Home }),
    },
  ];
}

function exchangeable({ pm2Home, exchanger, owner, contents }: Pm2HomeFacts): DoctorFinding[] {
  if (exchanger === null || owner === null || contents.files.length === 0) return [];
  const { step, why, by, anchored } = exchanger;
  // Findings about the files cover this case (PD102, PD303 to PD306).
  if (by === 'owner' && step.path === pm2Home) return [];
  return [
    {
      code: 'PD314',
      urgency: by === 'group' ? 'wrong' : 'urgent',
      what: `others than ${owner.name} can exchange ${pm2Home}`,
      evidence: [why],
      why:
        'They can put a saved list or a socket of theirs in its place: the next resurrect runs what it says, as ' +
        `${owner.name}.`,
      repair: anchored ? [repairOf(step.path, by)] : [],
      fix: null,
      trap: null,
      subject: about({ home: pm2Home, path: step.path }),
    },
  ];
}

function repairOf(path: string, by: Exchanger['by']): string[] {
  return by === 'owner'
    ? ['sudo', 'chown', '-h', 'root:', path]
    : ['sudo', 'chmod', by === 'group' ? 'g-w' : 'go-w', path];
}
