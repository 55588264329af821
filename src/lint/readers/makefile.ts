import type { Fragment } from '../text.ts';
import { FragmentBuilder } from '../text.ts';
import { runText } from '../shell/run.ts';
import { valueOf, type ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import { linesOf, trimmed } from './lines.ts';

/** Each recipe line runs in its own shell. make variables are resolved if the file sets them once. */
export function readMakefile(fragment: Fragment, scope: ShellScope, session: Session): void {
  const top = scope.child();
  const one = fragment.text.includes('.ONESHELL');
  let target = top.fork();
  for (const line of linesOf(fragment, true)) {
    const [, name, value] = /^\s*(?:export\s+|override\s+)?([\w.-]+)\s*[:?]?:?=\s*(.*?)\s*$/s.exec(line.text) ?? [];
    if (name !== undefined && !line.text.startsWith('\t')) {
      const before = top.get(name);
      top.set(
        name,
        valueOf(value ?? '', before === null && !/\$/.test(value ?? ''), { exported: /^\s*export\b/.test(line.text) }),
      );
      continue;
    }
    if (/^\S.*:/.test(line.text)) target = top.fork();
    if (!line.text.startsWith('\t')) continue;
    const [prefix = ''] = /^\t\s*[@+-]*\s*/.exec(line.text) ?? [];
    const recipe = withVariables(trimmed(line.slice(prefix.length, line.text.length)), top);
    const shell = one ? target : target.fork();
    session.within({ hidden: prefix.includes('-') ? 'the leading - of the recipe' : null }, () =>
      runText(recipe, shell, session),
    );
  }
}

/** `$(APP)` and `${APP}` are make's; `$$APP` is the shell's. */
function withVariables(recipe: Fragment, scope: ShellScope): Fragment {
  const builder = new FragmentBuilder();
  let at = 0;
  for (const match of recipe.text.matchAll(/\$\$|\$\(([\w.-]+)\)|\$\{([\w.-]+)\}/g)) {
    builder.addFragment(recipe.slice(at, match.index));
    const name = match[1] ?? match[2];
    const value = name === undefined ? null : scope.get(name);
    const text = name === undefined ? '$' : value?.certain === true ? value.text : `\${${name.replace(/\W/g, '_')}}`;
    builder.add(text, recipe.at(match.index), true);
    at = match.index + match[0].length;
  }
  return builder.addFragment(recipe.slice(at, recipe.text.length)).build();
}
