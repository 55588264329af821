import type { LintFinding } from './model.ts';
import type { Lines } from './text.ts';

const COMMENT =
  /(?:#|\/\/|;|--|\/\*|<!--)\s*pm2-guard:\s*ignore\s+(PL\d{3}(?:\s*,\s*PL\d{3})*)(?:\s+(?:-+|because)\s*(\S.*))?/;

/** `# pm2-guard: ignore PL005 - root owns this app`, on the same line or alone before it, with a reason. */
export function isIgnored({ code, line }: LintFinding, lines: Lines): boolean {
  const own = COMMENT.exec(lines.line(line));
  const above = line > 1 ? lines.line(line - 1) : '';
  const before = /^\s*(#|\/\/|;|--|\/\*|<!--)/.test(above) ? COMMENT.exec(above) : null;
  return [own, before].some((found) => found?.[2] !== undefined && found[1]?.split(/\s*,\s*/).includes(code) === true);
}
