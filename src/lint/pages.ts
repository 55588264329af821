import { rules } from './rules/rules.ts';

/** The pages of lint's rules, for `pm2-guard explain PL001`. */
export const lintPages: Readonly<Record<string, { title: string; meaning: string; trap: string; cure: string }>> =
  Object.fromEntries(
    rules.map(({ code, trap, page }) => [
      code,
      {
        title: page.title,
        meaning: `Problematic:\n${indented(page.problematic)}\n\nCorrect:\n${indented(page.correct)}`,
        trap: `${page.why} (${trap})`,
        cure: `As above. Exceptions: ${page.exceptions}`,
      },
    ]),
  );

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
