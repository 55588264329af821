import { hostname } from 'node:os';
import type { Uid } from '../../runtime/brands.ts';

/** The user of a service manager; null: the system's. */
export type Manager = { name: string; uid: Uid; homeDirectory: string } | null;

export type Specifiers = Readonly<Record<string, string>>;

/** systemd takes letters for specifiers, more of them with each version. */
const SPECIFIER = /[a-zA-Z]/;

/**
 * systemd.unit(5), SPECIFIERS. %h and %u are about the manager's user, also in a unit with User=. A user's %S and %L
 * are left out, because systemd 254 moved them.
 * @param name of the unit: `pm2@ops.service`
 */
export function specifiersOf(name: string, manager: Manager): Specifiers {
  const stem = name.slice(0, -'.service'.length);
  const at = stem.indexOf('@');
  const prefix = at < 0 ? stem : stem.slice(0, at);
  const instance = at < 0 ? '' : stem.slice(at + 1);
  const last = prefix.slice(prefix.lastIndexOf('-') + 1);
  const machine = hostname();
  const { name: user, uid, homeDirectory } = manager ?? { name: 'root', uid: 0, homeDirectory: '/root' };
  const directories: Specifiers =
    manager === null
      ? { t: '/run', S: '/var/lib', C: '/var/cache', L: '/var/log', E: '/etc', g: 'root', G: '0' }
      : { t: `/run/user/${uid}`, C: `${homeDirectory}/.cache`, E: `${homeDirectory}/.config` };
  return {
    n: name,
    N: stem,
    p: prefix,
    P: unescaped(prefix),
    i: instance,
    I: unescaped(instance),
    j: last,
    J: unescaped(last),
    f: pathOf(unescaped(at < 0 ? prefix : instance)),
    h: homeDirectory,
    u: user,
    U: String(uid),
    H: machine,
    l: machine.replace(/\..*$/s, ''),
    T: '/tmp',
    V: '/var/tmp',
    '%': '%',
    ...directories,
  };
}

/** systemd's specifier_printf: a percent sign before something else than a specifier stays. Null: not known here. */
export function filledIn(value: string, known: Specifiers): string | null {
  const unknown: string[] = [];
  const text = value.replace(/%(.)/gsu, (whole, letter: string) => {
    const filled = Object.hasOwn(known, letter) ? known[letter] : undefined;
    if (filled === undefined && SPECIFIER.test(letter)) unknown.push(letter);
    return filled ?? whole;
  });
  return unknown.length === 0 ? text : null;
}

/** systemd-escape(1): `-` stands for `/`, `\x2d` for a byte. */
function unescaped(text: string): string {
  const bytes = text
    .replaceAll('-', '/')
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return /[\u0080-\u00ff]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

function pathOf(text: string): string {
  return text.startsWith('/') ? text : `/${text}`;
}
