import { filledIn, specifiersOf, type Manager, type Specifiers } from './unit-specifiers.ts';
import { settingsOf } from './unit-syntax.ts';
import { bytesOf, skipBlanks, wordAt } from './unit-words.ts';

/**
 * A service as systemd reads it (systemd.syntax(7), systemd.service(5), systemd.exec(5)). UNKNOWN: the value has a
 * specifier that is not known here.
 */
export interface ServiceFile {
  /** User=; null: the manager's user, root for the system's. */
  user: string | null | typeof UNKNOWN;
  env: ReadonlyMap<string, string | typeof UNKNOWN>;
  envFiles: readonly (string | typeof UNKNOWN)[];
  /** UnsetEnvironment=: names, or assignments. */
  unset: readonly (string | typeof UNKNOWN)[];
  /** DynamicUser=: a user of systemd's own, unless an account has that name. */
  isDynamic: boolean;
  /** Of the ExecStart= that runs pm2, else of the last one, without prefixes. Empty: none, or unknown. */
  start: string[];
  isStartKnown: boolean;
  /** PIDFile=, absolute. Null: none, or unknown. */
  pidFile: string | null;
  /** The Exec...= settings as they are written. */
  commands: readonly string[];
}

export const UNKNOWN = Symbol('unknown');

type Known = string | typeof UNKNOWN;

/**
 * @param texts of the unit file and of its drop-ins, in systemd's order
 * @param name of the unit, or of the template's instance
 * @param manager its user; null: the system's
 * @returns null: systemd loads no such unit
 */
export function readService(texts: readonly string[], name: string, manager: Manager = null): ServiceFile | null {
  const service = new Service(specifiersOf(name, manager), manager === null ? '/run' : `/run/user/${manager.uid}`);
  for (const [index, text] of texts.entries()) {
    const { settings, isWhole } = settingsOf(text, 'Service');
    if (!isWhole && index === 0) return null;
    for (const { key, value } of settings) service.take(key, value);
  }
  return service;
}

/** An empty value resets. For User= and PIDFile= the last value counts; the other settings are lists. */
class Service implements ServiceFile {
  user: Known | null = null;
  isDynamic = false;
  pidFile: string | null = null;
  readonly env = new Map<string, Known>();
  readonly envFiles: Known[] = [];
  readonly unset: Known[] = [];
  readonly #commands = new Map<string, string[]>();
  readonly #starts: string[][] = [];
  readonly #specifiers: Specifiers;
  readonly #runtime: string;

  constructor(specifiers: Specifiers, runtime: string) {
    this.#specifiers = specifiers;
    this.#runtime = runtime;
  }

  get start(): string[] {
    return startOfPm2(this.#starts);
  }

  get isStartKnown(): boolean {
    return this.#starts.every((words) => words.length > 0);
  }

  get commands(): string[] {
    return [...this.#commands.values()].flat();
  }

  take(key: string, value: string): void {
    if (value === '') this.#reset(key);
    else this.#set(key, value);
  }

  #reset(key: string): void {
    this.#commands.delete(key);
    switch (key) {
      case 'User':
        this.user = null;
        break;
      case 'PIDFile':
        this.pidFile = null;
        break;
      case 'ExecStart':
        this.#starts.length = 0;
        break;
      case 'Environment':
        this.env.clear();
        break;
      case 'EnvironmentFile':
        this.envFiles.length = 0;
        break;
      case 'UnsetEnvironment':
        this.unset.length = 0;
        break;
      default:
        break;
    }
  }

  #set(key: string, value: string): void {
    if (/^Exec[A-Z]/.test(key)) mapped(this.#commands, key).push(value);
    switch (key) {
      case 'User':
        this.user = this.#filledIn(value);
        break;
      case 'DynamicUser':
        if (/^(1|yes|y|true|t|on|0|no|n|false|f|off)$/i.test(value)) this.isDynamic = /^(1|y|t|on)/i.test(value);
        break;
      case 'PIDFile': {
        const path = this.#filledIn(value);
        this.pidFile = path === UNKNOWN ? null : (pidFileOf(path, this.#runtime) ?? this.pidFile);
        break;
      }
      case 'ExecStart':
        this.#starts.push(...this.#commandsOf(value));
        break;
      case 'Environment':
        for (const word of settingWords(value)) this.#assign(word);
        break;
      case 'EnvironmentFile': {
        const path = this.#filledIn(value.replace(/^-/, ''));
        const file = path === UNKNOWN ? path : simplified(path);
        if (file !== null) this.envFiles.push(file);
        break;
      }
      case 'UnsetEnvironment':
        for (const word of settingWords(value).map((one) => this.#filledIn(one)))
          if (word === UNKNOWN || isVariable(word.split('=', 1)[0] ?? '')) this.unset.push(word);
        break;
      default:
        break;
    }
  }

  #filledIn(value: string): Known {
    return filledIn(value, this.#specifiers) ?? UNKNOWN;
  }

  #assign(word: string): void {
    const filled = this.#filledIn(word);
    const [name, value] = assignment(filled === UNKNOWN ? word : filled);
    if (isVariable(name)) this.env.set(name, filled === UNKNOWN ? filled : value);
  }

  /** Several commands may stand on a line, with a semicolon as a word between them. */
  #commandsOf(value: string): string[][] {
    const bytes = bytesOf(value);
    const commands: string[][] = [];
    let words: Known[] = [];
    const end = () => {
      const command = commandOf(words);
      if (command !== null) commands.push(command);
      words = [];
    };
    for (let at = 0; at < bytes.length;) {
      const isEnd = /^;(?:\s|$)/.test(bytes.slice(at, at + 2));
      const isSemicolon = /^\\;(?:\s|$)/.test(bytes.slice(at, at + 3));
      if (isEnd || isSemicolon) {
        if (isEnd) end();
        else words.push(';');
        at = skipBlanks(bytes, at + (isEnd ? 1 : 2));
        continue;
      }
      const word = wordAt(bytes, at, true);
      if (word === null) return commands;
      words.push(word.text === null ? UNKNOWN : this.#filledIn(word.text));
      at = word.next;
    }
    end();
    return commands;
  }
}

/** Without prefixes; after `@` without the name that the program gets. Null: there is none. */
function commandOf([program, ...words]: readonly Known[]): string[] | null {
  if (program === undefined) return null;
  if (program === UNKNOWN || words.includes(UNKNOWN)) return [];
  const [prefixes = ''] = /^[-@:+!|]*/.exec(program) ?? [];
  return [program.slice(prefixes.length), ...(prefixes.includes('@') ? words.slice(1) : words)] as string[];
}

function mapped(lists: Map<string, string[]>, key: string): string[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** The one that runs pm2, else the last one. */
export function startOfPm2(starts: readonly (readonly string[])[]): string[] {
  const start = starts.find((words) => words.some((word) => /\bpm2\b/.test(word))) ?? starts.at(-1);
  return [...(start ?? [])];
}

/** Of Environment= and UnsetEnvironment=: systemd ignores what follows an invalid word. */
export function settingWords(value: string): string[] {
  const bytes = bytesOf(value);
  const words: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const word = wordAt(bytes, at, false);
    if (word === null) break;
    if (word.text !== null) words.push(word.text);
    at = word.next;
  }
  return words;
}

export function assignment(word: string): [name: string, value: string] {
  const at = word.indexOf('=');
  return at < 0 ? ['', ''] : [word.slice(0, at), word.slice(at + 1)];
}

function isVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** systemd takes /var/run for /run (patch_var_run in src/core/load-fragment.c). */
function pidFileOf(path: string, runtime: string): string | null {
  return simplified(path.startsWith('/') ? path : `${runtime}/${path}`)?.replace(/^\/var\/run\//, '/run/') ?? null;
}

/** path_simplify_and_warn in src/shared/parse-helpers.c. Null: systemd ignores the path. */
function simplified(path: string): string | null {
  if (!path.startsWith('/') || path.split('/').includes('..')) return null;
  return path.replace(/\/(?:\.?\/)+/g, '/').replace(/(?<=.)\/\.?$/, '');
}
