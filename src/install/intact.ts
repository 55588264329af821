import { dirname, join } from 'node:path';
import { linkOf, realpathOrNull, statOf } from '../runtime/peek.ts';
import {
  CONFIG_DIRECTORY,
  COMMAND_LINK,
  CACHE_DIRECTORY,
  LIBRARY,
  NODE_LINK,
  PM2_LINK,
  PROFILE,
  RECORD,
  SHIMS,
  STATE_DIRECTORY,
  SUDOERS,
} from './places.ts';
import { belongsToNpm } from './command.ts';
import { NEEDED, NEEDED_SHIMS } from './library.ts';
import { readInstall } from './record.ts';
import { findUntrusted, type Distrust } from '../trust/trust.ts';

export function brokenParts(): string[] {
  const release = realpathOrNull(SHIMS);
  if (release === null) return [`${SHIMS} leads nowhere`];
  const missing = partsOf(release)
    .filter((path) => !statOf(path)?.isFile())
    .map((path) => `${path} is not there`);
  const record = readInstall();
  const node = realpathOrNull(NODE_LINK);
  const hasShim = statOf(join(SHIMS, 'pm2'))?.isFile() === true;
  return [
    ...missing,
    ...(record === null
      ? [`${RECORD} is not there, or damaged`]
      : typeof record.node !== 'string' || !(record.pm2 === null || typeof record.pm2 === 'string')
        ? [`${RECORD} is incomplete`]
        : []),
    ...(typeof record?.pm2 === 'string' && !statOf(record.pm2)?.isFile()
      ? [`${RECORD} names ${record.pm2}, which is not there`]
      : []),
    ...(node === null
      ? [`${NODE_LINK} leads nowhere`]
      : record?.node !== undefined && node !== realpathOrNull(record.node)
        ? [`${NODE_LINK} leads to ${node}, and ${RECORD} names ${record.node}`]
        : []),
    ...(hasShim && leadsTo(PM2_LINK) === null && leadsTo(COMMAND_LINK) === null && !belongsToNpm()
      ? [`${COMMAND_LINK} does not lead to ${SHIMS}`]
      : []),
  ];
}

/** Our files and directories that others than root can change. Missing ones are skipped. */
export function changeableParts(): Distrust[] {
  const files = [...partsOf(realpathOrNull(SHIMS) ?? SHIMS), RECORD, NODE_LINK, COMMAND_LINK, PROFILE, SUDOERS];
  const directories = [LIBRARY, SHIMS, CONFIG_DIRECTORY, STATE_DIRECTORY, CACHE_DIRECTORY];
  const faults = [
    ...directories.map((path) => findUntrusted(path, 'directory')),
    ...files.map((path) => findUntrusted(path, 'file')),
  ];
  const told = faults.filter(
    (fault): fault is Distrust => fault !== null && (fault.kind === 'owner' || fault.kind === 'writable'),
  );
  return [...new Map(told.map((fault) => [fault.path, fault])).values()];
}

function partsOf(shims: string): string[] {
  return [...NEEDED.map((name) => join(dirname(shims), name)), ...NEEDED_SHIMS.map((name) => join(shims, name))];
}

function leadsTo(link: string): string | null {
  const target = linkOf(link);
  return target?.startsWith(`${SHIMS}/`) ? target : null;
}
