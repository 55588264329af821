/** How a version manager puts a command called pm2 into PATH that finds its program when it is called. */
interface VersionManager {
  tool: string;
  /** Programs that the shim is a link to. */
  links: readonly string[];
  /** What the shim's script says. */
  says: RegExp | null;
  /** The commands that it may run, below the directory that holds the one of the shims. */
  commands: readonly string[];
}

/** By each tool's source of shims: asdf 0.19, nodenv 1.6, mise 2026.9, volta 2.0. */
const MANAGERS: readonly VersionManager[] = [
  {
    tool: 'asdf',
    links: [],
    says: /^\s*exec\s+\S*\basdf"?\s+exec\s+"?pm2"?\s/m,
    commands: ['installs/nodejs/*/bin/pm2', 'installs/nodejs/*/.npm/bin/pm2'],
  },
  { tool: 'nodenv', links: [], says: /^\s*exec\s+\S*\bnodenv"?\s+exec\s/m, commands: ['versions/*/bin/pm2'] },
  {
    tool: 'mise',
    links: ['mise', 'rtx'],
    says: null,
    commands: ['installs/node/*/bin/pm2', 'installs/npm-pm2/*/bin/pm2'],
  },
  {
    tool: 'volta',
    links: ['volta-shim'],
    says: null,
    commands: ['tools/image/packages/pm2/bin/pm2', 'tools/image/node/*/bin/pm2'],
  },
];

export interface Shim extends Pick<VersionManager, 'tool' | 'commands'> {
  /** It is a link to the tool's program. */
  linked: boolean;
}

/**
 * The version manager whose shim a file called pm2 is.
 * @param program the name of the physical file
 * @param text what is in it; empty: a binary
 */
export function shimOf(program: string, text: string): Shim | null {
  for (const { tool, links, says, commands } of MANAGERS) {
    const linked = links.includes(program);
    if (linked || says?.test(text) === true) return { tool, commands, linked };
  }
  return null;
}
