import { lexer, type Token, type Tokens } from 'marked';
import { bold, bullet, example, italic, literal, macro, paragraph, prose, tagged } from './roff.ts';

/**
 * A section of a Markdown text as lines of man(7), without its heading.
 * @throws Error if the section is missing, or holds something that the page cannot show
 */
export function sectionOf(markdown: string, heading: string): string[] {
  const tokens = lexer(markdown);
  const start = tokens.findIndex((token) => token.type === 'heading' && (token as Tokens.Heading).text === heading);
  const top = tokens[start] as Tokens.Heading | undefined;
  if (top === undefined) throw new Error(`there is no section "${heading}"`);
  const rest = tokens.slice(start + 1);
  const end = rest.findIndex((token) => token.type === 'heading' && (token as Tokens.Heading).depth <= top.depth);
  return (end < 0 ? rest : rest.slice(0, end)).flatMap(block);
}

function block(token: Token): string[] {
  switch (token.type) {
    case 'space':
      return [];
    case 'heading':
      return [macro('SS', inline((token as Tokens.Heading).tokens))];
    case 'paragraph':
      return paragraph(inline((token as Tokens.Paragraph).tokens));
    case 'code':
      return example((token as Tokens.Code).text.split('\n'));
    case 'list':
      return (token as Tokens.List).items.flatMap((item) => bullet(inline(item.tokens)));
    case 'table':
      return table(token as Tokens.Table);
    default:
      throw new Error(`the manual has no way to show ${token.type}: ${token.raw}`);
  }
}

/**
 * The first column is the term, the others describe it. From the third column on they have their headers; in a table
 * of more than three columns all have.
 */
function table({ header, rows }: Tokens.Table): string[] {
  const heads = header.length > 3 ? 0 : 1;
  return rows.flatMap(([term, ...cells]) => {
    const said = cells.map((cell, index) => {
      const head = index < heads ? '' : `${inline(header[index + 1]?.tokens ?? [])}: `;
      return cell.text === '' ? '' : head + inline(cell.tokens);
    });
    return tagged(inline(term?.tokens ?? []), said.filter((text) => text !== '').join('; '));
  });
}

function inline(tokens: readonly Token[]): string {
  return tokens
    .map((token): string => {
      switch (token.type) {
        case 'text': {
          const { tokens: inner, text } = token as Tokens.Text;
          return inner === undefined ? prose(text) : inline(inner);
        }
        case 'escape':
          return prose((token as Tokens.Escape).text);
        case 'codespan':
          return bold(literal((token as Tokens.Codespan).text));
        case 'strong':
          return bold(inline((token as Tokens.Strong).tokens));
        case 'em':
          return italic(inline((token as Tokens.Em).tokens));
        case 'link':
          return inline(token.tokens ?? []); // a page of the repository, which man cannot open
        default:
          throw new Error(`the manual has no way to show ${token.type}: ${token.raw}`);
      }
    })
    .join('');
}
