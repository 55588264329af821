import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { asUid } from '../runtime/brands.ts';
import { statOf, realpathOrSelf } from '../runtime/peek.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import { findUntrusted } from '../trust/trust.ts';
import type { AccessFault } from './look.ts';
import type { Move } from './move.ts';
import type { Problem } from './problems.ts';

/**
 * A fault with its repair.
 * @param node the node of the daemon
 * @param users other users who chose the paths (Consent.users): no right is given to their paths without a review
 */
export function problemOf(
  fault: AccessFault,
  { to }: Pick<Move, 'to'>,
  node: string,
  users: readonly string[],
): Problem {
  if (fault.type === 'port') {
    return {
      what: `${to.user} may not listen on port ${fault.port}: below ${unprivilegedStart()} only root may`,
      label: 'choose',
      repair: [
        commandLineHere(['sudo', 'setcap', 'cap_net_bind_service=+ep', realpathOrSelf(node)]),
        commandLineHere(['sudo', 'sysctl', `net.ipv4.ip_unprivileged_port_start=${fault.port}`]),
        'AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit of that daemon',
      ],
    };
  }
  const { type, for: path, path: at, missing, directory } = fault;
  const place = at === path ? '' : `: it may not pass ${at}`;
  if (missing)
    return { what: `${at} is not there${at === path ? '' : `, on the way to ${path}`}`, label: 'fix', repair: [] };
  const what = `${to.user} may not ${type} ${path}${place}`;
  if (users.length > 0) return { what: `${what}; ${users.join(', ')} chose that path`, label: 'ask', repair: [] };
  const isPrivate = /^\/root(\/|$)|\/\.nvm\//.test(at);
  if (isPrivate)
    return {
      what,
      label: 'fix',
      repair: [`move it to a directory that ${to.user} can read, such as one below /srv; ${at} is private`],
    };
  // A log that the old user created belongs to the app.
  const words =
    type === 'write' && !directory ? ['chown', '-h', `${to.user}:`, at] : grant(to.user, rightsFor(fault), at);
  return { what, label: 'fix', repair: safely(words, at) };
}

/** A directory on the way to the path only has to be passed. */
function rightsFor({ type, for: path, path: at, directory }: Exclude<AccessFault, { type: 'port' }>): string {
  if (at !== path) return 'x';
  if (type === 'write') return 'rwx';
  return directory ? 'x' : type === 'run' ? 'rx' : 'r';
}

function grant(user: string, rights: string, path: string): string[] {
  if (existsSync('/usr/bin/setfacl')) return ['setfacl', '-m', `u:${user}:${rights}`, path];
  return ['chmod', `o+${rights}`, path];
}

/**
 * A command on a path, ready to paste. It runs as root only if only root can change the path, else as the file's
 * owner: a link could be put there between reading and pasting.
 */
function safely(words: readonly string[], path: string): string[] {
  if (findUntrusted(dirname(path), 'directory') === null) return [commandLineHere(['sudo', ...words])];
  const owner = accountByUid(statOf(path)?.uid ?? asUid(0));
  return owner === null || owner.uid === 0 || words[0] === 'chown'
    ? []
    : [commandLineHere(['sudo', '-u', owner.name, ...words])];
}

function unprivilegedStart(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').trim();
  } catch {
    return '1024';
  }
}
