import { parse, type Syntax } from '../shell/grammar.ts';
import { FragmentBuilder, type Fragment } from '../text.ts';
import type { Section } from './deploy-section.ts';

export type ReadString = (node: Syntax, host: Fragment) => Fragment | null;

class ObjectNode implements Section {
  constructor(
    private readonly node: Syntax,
    private readonly host: Fragment,
    private readonly read: ReadString,
  ) {}

  private wrap(node: Syntax): ObjectNode {
    return new ObjectNode(node, this.host, this.read);
  }

  entries(): [string, ObjectNode][] {
    return this.node.children.flatMap((pair): [string, ObjectNode][] => {
      const [key, value] = ['key', 'value'].map((field) => pair.children.find((child) => child.field === field));
      return pair.type === 'pair' && key && value
        ? [[this.host.text.slice(key.start, key.end).replace(/^["'`]|["'`]$/g, ''), this.wrap(value)]]
        : [];
    });
  }

  get(key: string): ObjectNode | null {
    return this.entries().find(([name]) => name === key)?.[1] ?? null;
  }

  items(): ObjectNode[] {
    return this.node.type === 'array'
      ? this.node.children.filter(({ named }) => named).map((child) => this.wrap(child))
      : [this];
  }

  get fragment(): Fragment {
    return (
      this.read(this.node, this.host) ?? new FragmentBuilder().add('$_', this.host.at(this.node.start), true).build()
    );
  }

  get text(): string {
    return this.node.type === 'object' || this.node.type === 'array' ? '' : this.fragment.text;
  }
}

/** The literal object that a JavaScript module exports. */
export function objectOf(fragment: Fragment, read: ReadString): Section | null {
  const tree = parse('javascript', fragment.text);
  if (typeof tree === 'string') return null;
  const objects: Syntax[] = [];
  const visit = (node: Syntax): void => {
    if (node.type === 'object') objects.push(node);
    else node.children.forEach(visit);
  };
  visit(tree);
  const roots = objects.map((node) => new ObjectNode(node, fragment, read));
  return roots.find((root) => root.get('deploy')) ?? roots.find((root) => root.get('apps')) ?? null;
}
