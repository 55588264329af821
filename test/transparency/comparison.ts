import type { Host } from '../harness/host.ts';

/** The caller, who is right: what the guard passes must not be told from what it never saw. */
export const CALLER = 'ops';
export const HOME = '/home/ops/.pm2';
export const PLACE = '/home/ops/apps';
export const CONFIG = 'default: ops\ndaemons:\n  ops:\n    user: ops\n';

/**
 * Numbers that were a pid on this host at any time of the test: they differ between two hosts, and nothing else may.
 */
export class Pids {
  readonly #seen = new Set<number>();

  async look(host: Host): Promise<void> {
    for (const { pid } of host.processes()) this.#seen.add(pid);
    for (const { pid } of await host.apps(HOME)) this.#seen.add(pid);
  }

  /** `<pid>` for every such number that stands alone, but not for the line of a stack trace. */
  strike(text: string): string {
    // Small numbers are counts and ids; no app ever has them for a pid, since making the host took more processes.
    return text.replace(/(?<![\w.]|js:|js:\d+:|[ug]id : |--lines )\d{2,}(?![\w.])/g, (number) =>
      this.#seen.has(Number(number)) ? '<pid>' : number,
    );
  }
}

/**
 * What two runs of one command on one host do not share either: clock, load, chance, and the widths of table columns,
 * which follow the digits of a pid. Two differences are the guard's and are meant: PM2 is loaded by its real path, by a
 * node that was given by its path (shown by `pm2 report` alone), and standard input that was looked into is handed on
 * from memory (seen in the frames inside node of a stack that PM2 prints).
 */
export function settled(text: string): string {
  return (
    text
      .replace(/\u001b\[\d+m/g, '')
      .replace(/─+/g, '─')
      .replace(/[ \t]+/g, ' ')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?/g, '<time>')
      .replace(/^host metrics \|.*\n/gm, '') // once the daemon has taken a first sample
      .replace(/^Date : .*$/m, 'Date : <time>')
      .replace(/\b1[789]\d{11}\b/g, '<ms>')
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
      .replace(/\b\d+(\.\d+)? ?(b|kb|mb|gb|MiB|%|ms)(?=\W|$)/gi, '<load>')
      .replace(/^ ?Code metrics value\s*┌[^]*?└[^\n]*\n/gm, '')
      // An app's metrics come one by one in its first seconds.
      .replace(/(["']?axm_monitor["']?: ?)\{(?:[^{}]|\{[^{}]*\})*\}/g, '$1<metrics>')
      // Whichever the daemon learns first: a look for a repository, or the worker's own word (lib/God.js,
      // lib/God/ClusterMode.js, ForkMode.js).
      .replace(/(["']?versioning["']?: ?null),(\s*)(["']?node_version["']?: ?["'][\d.]+["'])/g, '$3,$2$1')
      .replace(
        /(Active (?:requests|handles)|Event Loop Latency(?: p95)?|(?:Used )?Heap (?:Size|Usage))( │ | ?: ?)\S+/g,
        '$1$2<load>',
      )
      .replace(/(["']?(?:memory|cpu|value)["']?: ?)["']?-?[\d.]+["']?/g, '$1<load>')
      .replace(/(unstable[_ ]restarts["']?(?: ?: ?| │ ))\d+/g, '$1<load>') // a restart within the first second counts
      .replace(/(│ )\d+[smhD](?= │)/g, '$1<uptime>')
      .replace(/^(uptime : )\d+[smhD]/gm, '$1<uptime>')
      .replace(/^(freemem : )\d+$/m, '$1<load>')
      .replace(/^argv : .*\/pm2,report$/m, 'argv : <node>,<pm2>,report')
      .replace(/^argv0 : .*node$/gm, 'argv0 : <node>')
      .replace(/^ at .*\((node:[^)]*)\)\n/gm, '')
      // Apps are deleted ten at a time (lib/API.js _operate), and reported as they end.
      .replace(/(?:^\[PM2\] \[.*\]\(\d+\) ✓\n)+/gm, (lines) => lines.split('\n').sort().join('\n'))
  );
}
