import type { Syntax } from './grammar.ts';
import { NOTHING, type RunResult, type RunShell } from './run.ts';
import { valueOf, type ShellScope } from './scope.ts';

export function assign(shell: RunShell, node: Syntax, scope: ShellScope, exported = false): void {
  const name = node.children.find(({ field }) => field === 'name');
  const value = node.children.find(({ field }) => field === 'value');
  if (!name) return;
  if (value?.type === 'array') {
    const items = value.children.filter(({ named }) => named).flatMap((one) => shell.words.expand(one, scope));
    scope.set(
      shell.text(name),
      valueOf(
        items.map(({ text }) => text).join(' '),
        items.every(({ certain }) => certain),
        {
          items: items.map((item) => valueOf(item.text, item.certain)),
        },
      ),
    );
    return;
  }
  const word = value ? shell.words.read(value, scope) : null;
  const appended = shell
    .text(node)
    .slice(name.end - node.start)
    .startsWith('+=');
  // A command in a variable is reported where it is assigned; a program name where it is used.
  const fragment = word !== null && /\s/.test(word.text) ? word.origin : null;
  scope.set(
    shell.text(name),
    valueOf(word?.text ?? '', (word?.certain ?? true) && !appended, { fragment, asks: word?.asks ?? [], exported }),
  );
}

/** `local NAME` and `local NAME=value`: the caller's value comes back when the function returns. */
function makeLocal(shell: RunShell, node: Syntax, scope: ShellScope): void {
  const name = node.type === 'variable_name' ? node : node.children.find(({ field }) => field === 'name');
  if (name !== undefined) scope.locals.add(shell.text(name));
}

export function declare(shell: RunShell, node: Syntax, scope: ShellScope): RunResult {
  const text = shell.text(node);
  const exports = /^(export|declare\s+-\w*x|typeset\s+-\w*x|local\s+-\w*x)/.test(text);
  const isLocal = /^(local|declare|typeset)\b(?!\s+-\w*g)/.test(text);
  for (const child of node.children) {
    if (isLocal) makeLocal(shell, child, scope);
    if (child.type === 'variable_assignment') assign(shell, child, scope, exports);
    else if (child.type === 'variable_name' && exports) scope.export(shell.text(child));
  }
  return NOTHING;
}
