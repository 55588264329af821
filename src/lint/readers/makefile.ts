import type { Fragment } from '../text.ts';
import { FragmentBuilder } from '../text.ts';
import { runText } from '../shell/run.ts';
import { valueOf, type ShellScope, type Value } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import { linesOf, trimmed } from './lines.ts';

const WORDS = String.raw`(?:(?:export|override|private|undefine)\s+)*`;
const SETTING = String.raw`${WORDS}([\w.-]+)\s*([:?+!]?:{0,2}=)\s*(.*?)\s*$`;
const VARIABLE = new RegExp(`^ *${SETTING}`, 's');
/** `prod: APP = web`: for this target, and for what it needs. */
const OF_TARGET = new RegExp(`^([^\\s:=#][^:=]*):\\s*${SETTING}`, 's');
/** `prod: ; pm2 list`, and the recipe in the lines below. */
const RULE = /^([^\s#][^:]*)::?(?!=)([^;]*)(;)?/s;

interface Rule {
  targets: string[];
  scope: ShellScope;
}

/** Each recipe line runs in its own shell. make variables are resolved if the file sets them once. */
export function readMakefile(fragment: Fragment, scope: ShellScope, session: Session): void {
  const top = scope.child();
  const one = fragment.text.includes('.ONESHELL');
  const lines = linesOf(fragment, true);
  const ofTargets = lines.flatMap(({ text }) => {
    const [, targets = '', name = '', operator = '', value = ''] = OF_TARGET.exec(text) ?? [];
    return name === '' ? [] : [{ targets: namesIn(targets), name, operator, value }];
  });
  // Another target has that value too where the first needs it.
  for (const { name } of ofTargets) top.set(name, valueOf(`\${${name}}`, false));
  let rule: Rule = { targets: [], scope: top.fork() };
  const runRecipe = (recipe: Fragment): void => {
    const [prefix = ''] = /^\s*[@+-]*\s*/.exec(recipe.text) ?? [];
    const text = withVariables(trimmed(recipe.slice(prefix.length, recipe.text.length)), rule.scope);
    session.within({ hidden: prefix.includes('-') ? 'the leading - of the recipe' : null }, () =>
      runText(text, one ? rule.scope : rule.scope.fork(), session),
    );
  };
  for (const line of lines) {
    if (line.text.startsWith('\t')) {
      runRecipe(line.slice(1, line.text.length));
      continue;
    }
    const [, name = '', operator = '', value = ''] = VARIABLE.exec(line.text) ?? [];
    if (name !== '') {
      top.set(name, {
        ...madeValue(value, operator, top.get(name) === null),
        exported: /^\s*export\b/.test(line.text),
      });
      continue;
    }
    const [head, targets = '', , semicolon] = OF_TARGET.test(line.text) ? [] : (RULE.exec(line.text) ?? []);
    if (head === undefined) continue;
    rule = { targets: namesIn(targets), scope: top.fork() };
    for (const own of ofTargets)
      if (rule.targets.length === 1 && own.targets.includes(rule.targets[0] ?? ''))
        rule.scope.set(own.name, madeValue(own.value, own.operator, timesSet(own, ofTargets) === 1));
    if (semicolon !== undefined) runRecipe(line.slice(head.length, line.text.length));
  }
}

interface TargetVariable {
  targets: readonly string[];
  name: string;
}

function timesSet({ name, targets }: TargetVariable, all: readonly TargetVariable[]): number {
  return all.filter((other) => other.name === name && other.targets.some((target) => targets.includes(target))).length;
}

function madeValue(value: string, operator: string, isFirst: boolean): Value {
  return valueOf(value, isFirst && !operator.startsWith('+') && !/\$/.test(value));
}

function namesIn(targets: string): string[] {
  return targets.split(/\s+/).filter((name) => name !== '');
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
