import type { Syntax } from './grammar.ts';

/** A condition on the user: equal to this one, or not. */
export interface UserCheck {
  user: string;
  is: boolean;
}

const ID = '(?:"?\\$\\{?(?:EUID|UID)\\}?"?|EUID|UID|"?[$`]\\(?\\s*id\\s+-u\\s*[`)]"?|"?`id -u`"?)';
const NAME = '(?:"?\\$\\{?(?:USER|LOGNAME)\\}?"?|"?(?:\\$\\(|`)\\s*(?:whoami|id\\s+-un|id\\s+-nu)\\s*(?:\\)|`)"?)';
const EQUAL = '(?:-eq|==?)';
const DIFFERENT = '(?:-ne|!=|-gt|>)';
const byId = new RegExp(`(!\\s*)?(?:${ID}\\s*(?:(${EQUAL})|${DIFFERENT})\\s*"?'?0"?'?)`);
const byName = new RegExp(`(!\\s*)?${NAME}\\s*(?:(${EQUAL})|(?:!=|-ne))\\s*["']?([a-z_][\\w.-]*)["']?`);

/**
 * Reads `[ "$EUID" -ne 0 ]`, `[[ $(whoami) == deploy ]]`, `(( UID ))` and the like.
 * @returns null if it tests something else, or more than the user
 */
export function userCheck(text: string): UserCheck | null {
  if (/\s(-a|-o|&&|\|\|)\s/.test(text)) return null;
  const id = byId.exec(text);
  if (id)
    return {
      user: 'root',
      is: (id[2] !== undefined) !== (/^\s*!/.test(text) || id[1] !== undefined || /\[\[?\s*!/.test(text)),
    };
  const name = byName.exec(text);
  const named = name?.[3];
  if (name && named !== undefined)
    return { user: named, is: (name[2] !== undefined) !== (/^\s*!/.test(text) || name[1] !== undefined) };
  if (/^\(\(\s*(EUID|UID)\s*\)\)$/.test(text.trim())) return { user: 'root', is: false };
  return null;
}

export function isTest(node: Syntax): boolean {
  return (
    node.type === 'test_command' ||
    (node.type === 'command' && node.children[0]?.children[0]?.type === 'arithmetic_expansion')
  );
}
