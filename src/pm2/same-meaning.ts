import type { CommandLine, Options } from './command-line.ts';
import type { Invocation, Start, Target } from './invocation.ts';

/**
 * Whether two command lines mean the same to PM2: the same command, options, words in order, apps to start and
 * arguments for the apps. Their spelling may differ.
 * @param except attributes of global options that may differ
 */
export function sameMeaning(a: Invocation, b: Invocation, except: readonly string[] = []): boolean {
  const [x, y] = [a.line, b.line];
  if (x.type !== y.type || a.command !== b.command || a.scope !== b.scope) return false;
  if (x.type === 'run' && y.type === 'run') {
    if (x.stdin !== y.stdin || x.spawns !== y.spawns) return false;
    if (!sameWords(x.args, y.args) || !sameOptions(x.own, y.own)) return false;
  } else if (a.typed !== b.typed || errorOf(x) !== errorOf(y)) return false;
  return (
    sameOptions(x.options, y.options, except) &&
    x.silent === y.silent &&
    x.noDaemon === y.noDaemon &&
    sameWords(wordsForApps(a), wordsForApps(b)) &&
    sameWords(scannedWords(a), scannedWords(b)) &&
    sameThings(a.targets, b.targets) &&
    sameThings(a.starts, b.starts)
  );
}

function errorOf(line: CommandLine): string | null {
  return line.type === 'usage error' ? line.error : null;
}

// stop and delete take words after `--` as targets; startup takes only a platform from there.
const withoutArguments = ['stop', 'delete', 'startup', 'unstartup'];

/** The words that reach the app: those after `--`, or after `deploy` (lib/API/Deploy.js). */
function wordsForApps({ command, argv, line }: Invocation): readonly string[] | null {
  if (command === 'deploy') return argv.slice(argv.indexOf('deploy') + 1);
  return command !== null && withoutArguments.includes(command) ? null : line.dashed;
}

// PM2 searches all of argv for these, option values and words after `--` included (lib/API.js start, CLI.js logs).
const scanned = ['--watch', '--raw'];

function scannedWords({ line: { words } }: Invocation): readonly string[] {
  return scanned.filter((word) => words.includes(word));
}

export function sameWords(a: readonly string[] | null, b: readonly string[] | null): boolean {
  return a === null || b === null ? a === b : a.length === b.length && a.every((word, at) => word === b[at]);
}

function sameOptions(a: Options, b: Options, except: readonly string[] = []): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((attr) => {
    const [x, y] = [a[attr], b[attr]];
    return except.includes(attr) || (Array.isArray(x) && Array.isArray(y) ? sameWords(x, y) : x === y);
  });
}

function sameThings(a: readonly (Target | Start)[], b: readonly (Target | Start)[]): boolean {
  const withoutPlace = (key: string, value: unknown): unknown => (key === 'at' ? undefined : value);
  return JSON.stringify(a, withoutPlace) === JSON.stringify(b, withoutPlace);
}
