import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Language, Parser } from '@vscode/tree-sitter-wasm';

/** Their .wasm files are beside the bundle, or in the package that ships them. */
export type Grammar = 'bash' | 'fish' | 'javascript' | 'php' | 'python' | 'ruby';

/** A copied node, without the parser's memory. */
export interface Syntax {
  type: string;
  field: string | null;
  named: boolean;
  start: number;
  end: number;
  children: readonly Syntax[];
}

/** People do not write deeper trees. */
const MAX_DEPTH = 400;
const MAX_MILLISECONDS = 3000;

const parsers = new Map<Grammar, Parser>();
let ready: Promise<void> | null = null;

const PACKAGES = ['@vscode/tree-sitter-wasm/wasm', '@esdmr/tree-sitter-fish'];

function pathOf(name: string): string {
  const places = [__dirname, ...PACKAGES.map((one) => join(__dirname, '../../../node_modules', one))];
  return join(places.find((place) => existsSync(join(place, name))) ?? __dirname, name);
}

/** Loads grammars. Parsing is synchronous after that. */
export async function loadGrammars(grammars: readonly Grammar[]): Promise<void> {
  await (ready ??= Parser.init({ locateFile: pathOf }));
  for (const grammar of grammars) {
    if (parsers.has(grammar)) continue;
    const parser = new Parser();
    parser.setLanguage(await Language.load(pathOf(`tree-sitter-${grammar}.wasm`)));
    parsers.set(grammar, parser);
  }
}

export type Unparsed = 'nested too deep' | 'takes too long to parse';

/** The syntax tree of a text. `loadGrammars` must have been awaited for its grammar. */
export function parse(grammar: Grammar, text: string): Syntax | Unparsed {
  const parser = parsers.get(grammar);
  if (!parser) throw new Error(`grammar ${grammar} is not loaded`);
  const deadline = Date.now() + MAX_MILLISECONDS;
  const late = (): boolean => Date.now() > deadline;
  // The types of 0.3.1 say that the callback returns nothing, but tree-sitter stops if it returns true.
  const tree = parser.parse(text, null, { progressCallback: late as unknown as () => undefined });
  if (tree === null) {
    parser.reset();
    return 'takes too long to parse';
  }
  try {
    return plain(tree.walk(), namedIn(grammar, parser));
  } finally {
    tree.delete();
  }
}

/** Nodes whose children have no field names. */
const WITHOUT_FIELDS = new Set([
  'program',
  'string',
  'list',
  'pipeline',
  'do_group',
  'compound_statement',
  'subshell',
  'concatenation',
  'command_name',
]);

const namedTypes = new Map<Grammar, ReadonlySet<string>>();

/** The types of a grammar that are not literal tokens. */
function namedIn(grammar: Grammar, parser: Parser): ReadonlySet<string> {
  const known = namedTypes.get(grammar);
  if (known) return known;
  const { language } = parser;
  const found = new Set<string>(['ERROR']);
  for (let id = 0; id < (language?.nodeTypeCount ?? 0); id++) {
    const type = language?.nodeTypeForId(id);
    if (type && language?.nodeTypeIsNamed(id)) found.add(type);
  }
  namedTypes.set(grammar, found);
  return found;
}

type Cursor = ReturnType<NonNullable<ReturnType<Parser['parse']>>['walk']>;

/** Copies the tree, because each property of a parser node is a call into the wasm module. */
function plain(cursor: Cursor, named: ReadonlySet<string>): Syntax | Unparsed {
  // As few reads as possible: each cursor property is a call into the wasm module.
  const make = (within: string): Syntax & { children: Syntax[] } => {
    const type = cursor.nodeType;
    const field = WITHOUT_FIELDS.has(within) ? null : cursor.currentFieldName;
    return { type, field, named: named.has(type), start: cursor.startIndex, end: cursor.endIndex, children: [] };
  };
  const root = make('');
  const path = [root];
  for (;;) {
    const parent = path.at(-1) ?? root;
    if (cursor.gotoFirstChild()) {
      const child = make(parent.type);
      parent.children.push(child);
      path.push(child);
      if (path.length > MAX_DEPTH) return 'nested too deep';
      continue;
    }
    for (;;) {
      if (path.length === 1) return root;
      if (cursor.gotoNextSibling()) {
        path.pop();
        const sibling = make(path.at(-1)?.type ?? '');
        path.at(-1)?.children.push(sibling);
        path.push(sibling);
        break;
      }
      cursor.gotoParent();
      path.pop();
      if (path.length === 1) return root;
    }
  }
}
