import { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments, type Document } from 'yaml';
import { aligned, type Fragment } from '../../text.ts';

/** A node of a YAML or JSON document. Scalars keep their position in the file. */
export class Node {
  constructor(
    private readonly node: unknown,
    private readonly host: Fragment,
    private readonly document: Document,
  ) {}

  get isMap(): boolean {
    return isMap(this.node);
  }

  get isList(): boolean {
    return isSeq(this.node);
  }

  get(key: string): Node | null {
    if (!isMap(this.node)) return null;
    const found = this.node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
    return found?.value === undefined || found.value === null ? null : this.wrap(found.value);
  }

  first(...keys: string[]): Node | null {
    for (const key of keys) {
      const found = this.get(key);
      if (found) return found;
    }
    return null;
  }

  entries(): [string, Node][] {
    if (!isMap(this.node)) return [];
    return this.node.items.flatMap((pair): [string, Node][] => {
      if (!isPair(pair) || !isScalar(pair.key)) return [];
      return pair.value === null || pair.value === undefined ? [] : [[String(pair.key.value), this.wrap(pair.value)]];
    });
  }

  /** The items of a list; a single value is a list of one. */
  items(): Node[] {
    if (isSeq(this.node)) return this.node.items.map((item) => this.wrap(item));
    return isMap(this.node) ? [] : [this];
  }

  /** The text of a scalar; otherwise empty. */
  get text(): string {
    const value = isScalar(this.node) ? this.node.value : null;
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  }

  get fragment(): Fragment {
    const [start = 0, end = 0] = (isScalar(this.node) ? this.node.range : null) ?? [];
    return aligned(this.text, this.host, start, end);
  }

  private wrap(value: unknown): Node {
    return new Node(isAlias(value) ? (value.resolve(this.document) ?? value) : value, this.host, this.document);
  }
}

/** The documents of a text. Invalid YAML is skipped. */
export function documents(fragment: Fragment): Node[] {
  const parsed = parseAllDocuments(fragment.text, {
    logLevel: 'silent',
    strict: false,
    uniqueKeys: false,
    merge: true,
  });
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((document) =>
    document.contents === null ? [] : [new Node(document.contents, fragment, document)],
  );
}
