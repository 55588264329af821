import type { LintCall, Form, Setting, User, World } from '../model.ts';
import type { Syntax } from './grammar.ts';
import type { Fragment } from '../text.ts';

/** The value of a variable or a word. */
export interface Value {
  /** Unknown parts stay as typed: `$APP`. */
  text: string;
  certain: boolean;
  /** The source of a text of several lines: a here-document in a variable. */
  fragment: Fragment | null;
  /** The pm2 calls whose output it depends on. */
  asks: readonly LintCall[];
  /** Set for an array. */
  items: readonly Value[] | null;
  exported: boolean;
}

export function valueOf(text: string, certain: boolean, more: Partial<Value> = {}): Value {
  return { text, certain, fragment: null, asks: [], items: null, exported: false, ...more };
}

/** A shell function and its source text. */
export interface ShellFunction {
  body: Syntax;
  fragment: Fragment;
  called: boolean;
  depth: number;
}

/** The names of the arguments of a shell or a function; no script of the field uses more digits. */
export const ARGUMENTS: readonly string[] = ['@', '*', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/**
 * The state of a shell at one point of a script. A branch works on a fork, which changes only itself; `join` merges
 * the facts on which all branches agree.
 */
export class ShellScope {
  private readonly variables = new Map<string, Value | null>();
  /** Names that `export` marked before they had a value. */
  private readonly marked = new Set<string>();
  private readonly functions: Map<string, ShellFunction>;
  readonly aliases: Map<string, string>;
  /** The variables of the function that is being followed, which end with it. */
  readonly locals: Set<string>;
  /** On this path the shell has exited, or the function has returned. */
  ended = false;
  /** The shell has exited. */
  exited = false;
  /** By app name as typed. */
  deleted = new Map<string, LintCall>();

  constructor(
    public user: User,
    public world: World,
    public cwd: string | null,
    public forms: readonly Form[],
    private readonly parent: ShellScope | null = null,
    shared: (Pick<ShellScope, 'aliases' | 'locals'> & { functions: Map<string, ShellFunction> }) | null = null,
  ) {
    this.locals = shared?.locals ?? new Set<string>();
    this.functions = shared?.functions ?? new Map<string, ShellFunction>();
    this.aliases = shared?.aliases ?? new Map<string, string>();
    if (parent !== null) this.deleted = new Map(parent.deleted);
  }

  fork(locals: Set<string> = this.locals): ShellScope {
    return new ShellScope(this.user, this.world, this.cwd, this.forms, this, {
      aliases: this.aliases,
      functions: this.functions,
      locals,
    });
  }

  /** The function that worked on this fork has returned: what it changed stays, but for its own variables. */
  returned(from: ShellScope, own: Iterable<string>): void {
    for (const name of own) from.variables.delete(name);
    from.ended = from.exited;
    this.join([from]);
    this.deleted = from.deleted;
  }

  /** A new process: it gets only the exported variables. */
  child(
    change: Partial<Pick<ShellScope, 'user' | 'world' | 'cwd' | 'forms'>> = {},
    keeps: 'all' | readonly string[] = 'all',
  ): ShellScope {
    const { user, world, cwd, forms } = {
      user: this.user,
      world: this.world,
      cwd: this.cwd,
      forms: this.forms,
      ...change,
    };
    const child = new ShellScope(user, world, cwd, forms);
    for (const [name, value] of this.allExported()) if (keeps === 'all' || keeps.includes(name)) child.set(name, value);
    return child;
  }

  get(name: string): Value | null {
    const own = this.variables.get(name);
    return own !== undefined ? own : (this.parent?.get(name) ?? null);
  }

  /** Null: unset. */
  set(name: string, value: Value | null): void {
    const before = this.get(name);
    const exported = value?.exported === true || before?.exported === true || name === 'HOME' || this.isMarked(name);
    this.variables.set(name, value === null ? null : { ...value, exported });
  }

  /** `$1`, `$@` and the like; missing ones are unset. */
  setArguments(items: readonly Value[]): void {
    const text = items.map((item) => item.text).join(' ');
    const all = valueOf(
      text,
      items.every(({ certain }) => certain),
      { items },
    );
    for (const name of ARGUMENTS) this.set(name, /\d/.test(name) ? (items[Number(name) - 1] ?? null) : all);
  }

  export(name: string): void {
    const value = this.get(name);
    if (value === null) this.marked.add(name);
    else this.variables.set(name, { ...value, exported: true });
  }

  private isMarked(name: string): boolean {
    return this.marked.has(name) || this.parent?.isMarked(name) === true;
  }

  functionNamed(name: string): ShellFunction | undefined {
    return this.functions.get(name);
  }

  define(name: string, body: Syntax, fragment: Fragment): void {
    this.functions.set(name, { body, fragment, called: false, depth: 0 });
  }

  uncalled(): ShellFunction[] {
    return [...this.functions.values()].filter(({ called }) => !called);
  }

  setting(name: 'PM2_HOME' | 'HOME'): Setting | null {
    const value = this.get(name);
    return value?.exported === true ? { value: value.certain ? value.text : null, inline: false } : null;
  }

  /** Merges branches: ended ones do not count, and values that differ become unknown. */
  join(branches: readonly ShellScope[]): void {
    const alive = branches.filter(({ ended }) => !ended);
    if (alive.length === 0) {
      this.ended = branches.length > 0;
      this.exited = this.ended && branches.every(({ exited }) => exited);
      return;
    }
    for (const name of new Set(alive.flatMap(({ variables }) => [...variables.keys()]))) {
      const values = alive.map((branch) => branch.get(name));
      const [first = null] = values;
      const same = values.every((value) => value?.text === first?.text && value?.certain === first?.certain);
      const exported = values.some((value) => value?.exported === true);
      const asks = values.flatMap((value) => [...(value?.asks ?? [])]);
      this.set(name, same ? first : valueOf(`$${name}`, false, { exported, asks }));
    }
    for (const branch of alive) for (const name of branch.marked) this.marked.add(name);
    for (const branch of alive) for (const [app, call] of branch.deleted) this.deleted.set(app, call);
    const [first] = alive;
    if (first && alive.every(({ user }) => sameUser(user, first.user))) this.user = first.user;
    if (first && alive.every(({ cwd }) => cwd === first.cwd)) this.cwd = first.cwd;
    else this.cwd = null;
  }

  private allExported(): Map<string, Value> {
    const found = this.parent?.allExported() ?? new Map<string, Value>();
    for (const [name, value] of this.variables) {
      if (value?.exported === true) found.set(name, value);
      else found.delete(name);
    }
    return found;
  }
}

export function sameUser(one: User, other: User): boolean {
  switch (one.kind) {
    case 'known':
      return other.kind === 'known' && other.name === one.name;
    case 'variable':
      return other.kind === 'variable' && other.text === one.text;
    case 'unset':
      return other.kind === 'unset';
  }
}
