import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import type { ConfigError } from './config-error.ts';

/** Keys and indices from the top of the config. */
export type ConfigPath = readonly (string | number)[];

export interface ConfigSource {
  file: string;
  text: string;
  document: Document;
  lines: LineCounter;
}

/** Against exponential expansion ("billion laughs"). */
const MAX_ALIASES = 100;

export type ParsedSource =
  { type: 'source'; source: ConfigSource } | { type: 'errors'; errors: [ConfigError, ...ConfigError[]] };

/** Parses YAML 1.2 or JSON. Duplicate keys, unknown tags and several documents are errors. */
export function parseSource(file: string, text: string, language: 'yaml' | 'json'): ParsedSource {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    strict: true,
    version: '1.2',
    schema: language === 'json' ? 'json' : 'core',
  });
  const source: ConfigSource = { file, text, document, lines };
  const [first, ...others] = [...document.errors, ...document.warnings].map((error) =>
    errorAtOffset(source, error.pos[0], sentence(error.message), null),
  );
  if (first) return { type: 'errors', errors: [first, ...others] };
  // YAML accepts more than JSON: comments, bare words
  const notJson = language === 'json' ? jsonError(source) : null;
  return notJson === null ? { type: 'source', source } : { type: 'errors', errors: [notJson] };
}

export function toValue(
  source: ConfigSource,
): { type: 'value'; value: unknown } | { type: 'errors'; errors: [ConfigError, ...ConfigError[]] } {
  const dangling: ConfigError[] = [];
  visit(source.document, {
    Alias(_, alias) {
      if (alias.resolve(source.document) !== undefined) return undefined;
      dangling.push(
        errorAtOffset(
          source,
          alias.range?.[0] ?? 0,
          `"*${alias.source}" is an alias in YAML, and nothing has that name`,
          `quotes round a glob: "*${alias.source}"`,
        ),
      );
      return visit.BREAK; // each look-up walks the document, so one error is enough
    },
  });
  if (dangling[0]) return { type: 'errors', errors: [dangling[0]] };
  try {
    return { type: 'value', value: source.document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
  } catch (error) {
    if (error instanceof RangeError)
      return { type: 'errors', errors: [errorAtOffset(source, 0, 'is nested too deep to be read', null)] };
    if (!(error instanceof ReferenceError)) throw error;
    return {
      type: 'errors',
      errors: [
        errorAtOffset(source, 0, `uses too many aliases: ${sentence(error.message)}`, 'a config that is written out'),
      ],
    };
  }
}

/** An error at a value or its key. If the path is missing (a missing key), the error is at its parent. */
export function errorAt(
  source: ConfigSource,
  path: ConfigPath,
  on: 'key' | 'value',
  message: string,
  expected: string | null,
): ConfigError {
  return errorAtOffset(source, offsetOf(source, path, on), message, expected);
}

/** Line number from 1. */
export function lineAt(source: ConfigSource, path: ConfigPath, on: 'key' | 'value'): number {
  return source.lines.linePos(offsetOf(source, path, on)).line || 1;
}

export function errorAtOffset(
  { file, text, lines }: ConfigSource,
  offset: number,
  message: string,
  expected: string | null,
): ConfigError {
  const { line, col } = lines.linePos(Math.min(offset, text.length));
  const start = lines.lineStarts[line - 1] ?? 0;
  const end = lines.lineStarts[line] ?? text.length;
  return {
    kind: 'broken',
    file,
    line: line || 1,
    column: col || 1,
    source: text.slice(start, end).replace(/\r?\n$/, ''),
    message,
    expected,
  };
}

function offsetOf({ document }: ConfigSource, path: ConfigPath, on: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    const holder = isAlias(node) ? node.resolve(document) : node;
    if (isMap(holder)) {
      const pair = holder.items.find(({ key }) => keyOf(key) === String(step));
      if (!pair) return offset;
      node = pair.value;
      const atValue = on === 'value' && depth === path.length - 1;
      offset = (atValue ? startOf(pair.value) : null) ?? startOf(pair.key) ?? offset;
    } else if (isSeq(holder)) {
      node = holder.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function keyOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function startOf(node: unknown): number | null {
  return (node as Node | null | undefined)?.range?.[0] ?? null;
}

function jsonError(source: ConfigSource): ConfigError | null {
  const { text } = source;
  try {
    JSON.parse(text.replace(/^\ufeff/, ' '));
    return null;
  } catch (error) {
    const { message } = error as SyntaxError;
    const said = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    return errorAtOffset(source, offsetOfFault(text) ?? said, `is not JSON: ${message}`, null);
  }
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;
/** One token of JSON (RFC 8259). */
const TOKEN = `[\ufeff \t\r\n]*(${STRING.source}|${NUMBER.source}|true|false|null|[{}[\\],:])`;

/**
 * The first offset where a text that YAML accepts is no JSON. Not every message of JSON.parse says it.
 * @returns null: not known
 */
function offsetOfFault(text: string): number | null {
  const token = new RegExp(TOKEN, 'y');
  let before = '';
  for (let start = 0; start < text.length; start = token.lastIndex) {
    const [whole = '', found = ''] = token.exec(text) ?? [];
    if (found === '') return start + text.slice(start).search(/\S|$/);
    const isEmpty = before + found === '[]' || before + found === '{}';
    if (/^[,:[{]$/.test(before) && /^[,:\]}]$/.test(found) && !isEmpty) return start + whole.length - 1;
    before = found;
  }
  return null;
}

function sentence(message: string): string {
  return message.replace(/\s+/g, ' ').trim();
}
