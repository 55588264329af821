/** A place that an upgrade removes: a directory of one version. */
export interface Vanishing {
  /** A sentence, without a subject: `is removed when snap refreshes node`. */
  why: string;
  /** Paths that stay, and lead to whichever version is there. */
  stays: string[];
}

/** Directories of version managers, each with a directory for every version below it. */
const MANAGERS: readonly (readonly [name: string, versions: RegExp])[] = [
  ['nvm', /\/(\.?nvm|nvm)\/versions\/(node|io\.js)\/[^/]+\//],
  ['fnm', /\/\.?fnm\/node-versions\/[^/]+\//],
  ['fnm', /\/fnm_multishells\/[^/]+\//],
  ['asdf', /\/(\.?asdf|asdf-vm)\/installs\/nodejs\/[^/]+\//],
  ['mise', /\/(mise|rtx)\/installs\/[^/]+\/[^/]+\//],
  ['nodenv', /\/\.?nodenv\/versions\/[^/]+\//],
  ['volta', /\/\.?volta\/tools\/image\/(node|packages)\/[^/]+\//],
  ['n', /\/n\/versions\/node\/[^/]+\//],
  ['nvs', /\/\.?nvs\/node\/[^/]+\//],
  ['Nix', /^\/nix\/store\/[^/]+\//],
  ['Homebrew', /\/Cellar\/[^/]+\/[^/]+\//],
];

/** A directory that is called as a version: `/opt/node/22.11.0/bin/node`. */
const VERSION = /\/v?\d+\.\d+(\.\d+)?\//;

/** A revision of a snap, which is removed two refreshes later; `current` leads to the newest (snapd's layout). */
const SNAP = /^\/snap\/([^/]+)\/x?\d+\//;

/**
 * Whether an upgrade will take a program away: a node or a pm2.
 *
 * @param file its path without links
 * @returns null: nothing says that it will go
 */
export function vanishing(file: string): Vanishing | null {
  const [, snap] = SNAP.exec(file) ?? [];
  if (snap !== undefined) {
    return { why: `is removed when snap refreshes ${snap}`, stays: [file.replace(SNAP, `/snap/${snap}/current/`)] };
  }
  const [manager] = MANAGERS.find(([, versions]) => versions.test(file)) ?? [];
  if (manager !== undefined) return { why: `is removed when ${manager} removes this version`, stays: profiles(file) };
  return VERSION.test(file) ? { why: 'lies in the directory of one version', stays: [] } : null;
}

/** The links of Nix and Homebrew to what is in use. */
function profiles(file: string): string[] {
  const [, within] = /^\/nix\/store\/[^/]+(\/.*)$/.exec(file) ?? [];
  if (within !== undefined) return [`/run/current-system/sw${within}`, `/nix/var/nix/profiles/default${within}`];
  return file.includes('/Cellar/') ? [file.replace(/\/Cellar\/([^/]+)\/[^/]+\//, '/opt/$1/')] : [];
}
