/** A path that an upgrade removes. */
export interface Vanishing {
  /** Without a subject: `is removed when snap refreshes node`. */
  why: string;
  /** Stable paths to the current version. */
  stays: string[];
}

/** One directory per version. */
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

/** `/opt/node/22.11.0/bin/node` */
const VERSION = /\/v?\d+\.\d+(\.\d+)?\//;

/** snapd removes a revision two refreshes later. `current` leads to the newest. */
const SNAP = /^\/snap\/([^/]+)\/x?\d+\//;

/** Whether an upgrade will remove a node or pm2. `file` has no symlinks. Null: not known. */
export function vanishing(file: string): Vanishing | null {
  const [, snap] = SNAP.exec(file) ?? [];
  if (snap !== undefined) {
    return { why: `is removed when snap refreshes ${snap}`, stays: [file.replace(SNAP, `/snap/${snap}/current/`)] };
  }
  const [manager] = MANAGERS.find(([, versions]) => versions.test(file)) ?? [];
  if (manager !== undefined) return { why: `is removed when ${manager} removes this version`, stays: profiles(file) };
  return VERSION.test(file) ? { why: 'is probably removed when this version is replaced', stays: [] } : null;
}

/** The stable links of Nix and Homebrew. */
function profiles(file: string): string[] {
  const [, within] = /^\/nix\/store\/[^/]+(\/.*)$/.exec(file) ?? [];
  if (within !== undefined) return [`/run/current-system/sw${within}`, `/nix/var/nix/profiles/default${within}`];
  return file.includes('/Cellar/') ? [file.replace(/\/Cellar\/([^/]+)\/[^/]+\//, '/opt/$1/')] : [];
}
