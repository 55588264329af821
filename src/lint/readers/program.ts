import type { User } from '../model.ts';
import { parse, type Grammar, type Syntax } from '../shell/grammar.ts';
import { runText } from '../shell/run.ts';
import type { ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import { FragmentBuilder, type Fragment } from '../text.ts';
import { STRINGS, strings } from './strings.ts';
import { LANGUAGES, placeOf, type Language } from './languages.ts';

/** Strings that a program passes to a shell, or words that it runs without one. */
export function readProgram(
  name: Exclude<Grammar, 'bash' | 'fish'>,
  fragment: Fragment,
  scope: ShellScope,
  session: Session,
): void {
  const tree = parse(name, fragment.text);
  if (typeof tree === 'string') {
    session.unread.push(tree);
    return;
  }
  const language = LANGUAGES[name];
  const place = placeOf(name, fragment.text, session.path);
  const base =
    scope.user.kind === 'unset'
      ? scope.child({ user: place.user, world: place.world, forms: place.world.kind === 'here' ? [] : ['ssh'] })
      : scope;
  new Program(fragment, base, session, language).visit(tree, null);
}

class Program {
  private readonly constants = new Map<string, Syntax>();

  constructor(
    private readonly host: Fragment,
    private readonly scope: ShellScope,
    private readonly session: Session,
    private readonly language: Language,
  ) {}

  /** @param user of an enclosing `as :deploy do` block */
  visit(node: Syntax, user: User | null): void {
    if (!this.session.step()) return;
    this.remember(node);
    let inner = user;
    if (node.type === 'shell_command_expression' || node.type === 'subshell') this.run(strings(node, this.host), user);
    if (this.language.calls.includes(node.type)) {
      const called = this.nameOf(node);
      inner = called === 'as' ? (this.userOf(node) ?? user) : user;
      this.call(node, called, user);
    }
    if (node.type === 'try_statement' || node.type === 'begin') {
      this.attempt(node, user);
      return;
    }
    if (node.type === 'import_statement' || node.type === 'call_expression') this.requires(node);
    for (const child of node.children) if (child.type !== 'comment') this.visit(child, inner);
  }

  /** Calls in an error handler come after the tried ones. */
  private attempt(node: Syntax, user: User | null): void {
    const { calls } = this.session.reading;
    const before = calls.length;
    const handler = /^(catch_clause|except_clause|rescue)$/;
    for (const child of node.children) if (!handler.test(child.type)) this.visit(child, user);
    const onlyAfter = [...this.session.onlyAfter, ...calls.slice(before)];
    for (const child of node.children)
      if (handler.test(child.type))
        this.session.within({ onlyAfter }, () => {
          this.visit(child, user);
        });
  }

  private text(node: Syntax): string {
    return this.host.text.slice(node.start, node.end);
  }

  private nameOf(node: Syntax): string {
    const named =
      node.children.find(({ field }) => field === 'function' || field === 'method' || field === 'name') ??
      (node.type === 'object_creation_expression' ? node.children.find(({ named: is }) => is) : undefined);
    return named ? this.text(named).replace(/\s+/g, '') : '';
  }

  private remember(node: Syntax): void {
    const [left, right] = [
      node.children.find(({ field }) => field === 'left' || field === 'name'),
      node.children.find(({ field }) => field === 'right' || field === 'value'),
    ];
    if (left && right && /assignment|variable_declarator/.test(node.type)) this.constants.set(this.text(left), right);
  }

  private requires(node: Syntax): void {
    const source = node.children.find(({ field }) => field === 'source');
    const argument =
      node.type === 'call_expression' && this.nameOf(node) === 'require' ? argumentsOf(node)[0] : undefined;
    const named = source ?? argument;
    if (!named || strings(named, this.host)?.text !== 'pm2') return;
    const { user, world, cwd, forms } = this.scope;
    this.session.reading.remarks.push({
      kind: 'requires pm2',
      start: this.host.at(node.start),
      end: this.host.at(node.end),
      about: 'pm2',
      context: { user, world, cwd, forms, pm2Home: null, homeDirectory: null },
    });
  }

  private call(node: Syntax, name: string, user: User | null): void {
    const short = name.replace(/^.*(\.|->|::|\\)/, '');
    const runs = this.language.runs.some((pattern) => pattern.test(name) || pattern.test(short));
    const becomes = short === 'sudo';
    if (!runs && !becomes) return;
    const [first, ...others] = argumentsOf(node);
    if (!first) return;
    const keyword = this.keyword(node, 'user');
    const as: User | null = keyword ?? (becomes ? { kind: 'known', name: 'root', said: 'sudo' } : user);
    const plain = this.resolve(first);
    const words =
      listOf(plain) ??
      (others.some((one) => listOf(one) !== null) || (isString(plain) && others.some(isString) && this.language.spreads)
        ? [plain, ...others.flatMap((one) => listOf(one) ?? (isString(one) ? [one] : []))]
        : null);
    this.run(words === null ? this.textOf(plain) : this.joined(words), as, becomes);
  }

  /** `user="deploy"` of Python. */
  private keyword(node: Syntax, name: string): User | null {
    const list = node.children.find(({ field }) => field === 'arguments');
    const found = list?.children.find(
      (child) => child.type === 'keyword_argument' && this.text(child).startsWith(`${name}=`),
    );
    const value = found?.children.find(({ field }) => field === 'value');
    const text = value ? strings(value, this.host)?.text : undefined;
    return text === undefined ? null : { kind: 'known', name: text, said: `${name}=` };
  }

  private userOf(node: Syntax): User | null {
    const [first] = argumentsOf(node);
    const text = first ? strings(first, this.host)?.text : undefined;
    return text === undefined
      ? first
        ? { kind: 'variable', text: this.text(first), said: 'as' }
        : null
      : { kind: 'known', name: text, said: 'as' };
  }

  private resolve(node: Syntax): Syntax {
    const known = /^(identifier|variable_name)$/.test(node.type) ? this.constants.get(this.text(node)) : undefined;
    return known ?? node;
  }

  private textOf(node: Syntax): Fragment | null {
    if (/^binary/.test(node.type)) {
      const builder = new FragmentBuilder();
      for (const side of node.children.filter(({ field }) => field === 'left' || field === 'right')) {
        const part = this.textOf(this.resolve(side));
        if (part) builder.addFragment(part);
        else builder.add('${_}', this.host.at(side.start), true);
      }
      return builder.build();
    }
    return strings(node, this.host);
  }

  private joined(words: readonly Syntax[]): Fragment {
    const builder = new FragmentBuilder();
    // `execute :sudo, 'pm2 restart'` of SSHKit: words after a symbol are joined with blanks, unquoted.
    const isBare = words[0]?.type === 'simple_symbol';
    for (const word of words) {
      const text = this.textOf(this.resolve(word));
      const at = this.host.at(word.start);
      const quoted = !isBare && text !== null && /[^\w@%+=:,./${}-]/.test(text.text);
      builder.add(quoted ? "'" : '', at, true);
      if (text) builder.addFragment(text);
      else builder.add('"${_}"', at, true);
      builder.add(quoted ? "' " : ' ', at, true);
    }
    return builder.build();
  }

  private run(text: Fragment | null, user: User | null, becomes = false): void {
    if (text === null || !text.text.includes('pm2')) return;
    const scope =
      user === null ? this.scope.child() : this.scope.child({ user, forms: becomes ? ['sudo'] : this.scope.forms });
    runText(text, scope, this.session);
  }
}

function argumentsOf(node: Syntax): Syntax[] {
  const list = node.children.find(
    ({ field, type }) => field === 'arguments' || type === 'arguments' || type === 'argument_list',
  );
  if (!list) return [];
  if (STRINGS.has(list.type)) return [list];
  return list.children
    .filter(({ named, type }) => named && type !== 'keyword_argument' && type !== 'comment')
    .map((one) => (one.type === 'argument' ? (one.children.at(-1) ?? one) : one));
}

function isString(node: Syntax): boolean {
  return STRINGS.has(node.type);
}

function listOf(node: Syntax): Syntax[] | null {
  if (!/^(array|list|array_creation_expression|tuple)$/.test(node.type)) return null;
  return node.children
    .filter(({ named, type }) => named && type !== 'comment')
    .map((one) => (one.type === 'array_element_initializer' ? (one.children[0] ?? one) : one));
}
