import { becoming } from './become.ts';
import { isBuiltin } from './builtins.ts';
import type { Syntax } from './grammar.ts';
import { isPackageRunner } from './packages.ts';
import { runsElsewhere } from './remote.ts';
import type { RunShell } from './run.ts';
import { RUNNER } from './runners.ts';
import type { ShellScope } from './scope.ts';
import { isWrapper } from './wrappers.ts';

/** Most commands (git, npm ci, curl) have nothing to do with pm2, so their words are not read. */
export function isDull(shell: RunShell, node: Syntax, scope: ShellScope): boolean {
  const [name] = node.children;
  if (name?.type !== 'command_name' || name.children.length !== 1 || name.children[0]?.type !== 'word') return false;
  const text = shell.text(node);
  if (text.includes('pm2') || text.includes('$(') || text.includes('`') || text.includes('<(')) return false;
  const word = shell.text(name);
  return (
    /^[\w-]+$/.test(word) &&
    !RUNNER.test(word) &&
    !isKnown(word) &&
    scope.functionNamed(word) === undefined &&
    !scope.aliases.has(word)
  );
}

function isKnown(word: string): boolean {
  return (
    isBuiltin(word) || Object.hasOwn(becoming, word) || isWrapper(word) || runsElsewhere(word) || isPackageRunner(word)
  );
}
