import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { lintPolicy } from '../../src/lint/config.ts';
import { filesBelow } from '../../src/lint/files.ts';
import { lint } from '../../src/lint/lint.ts';
import type { LintFinding } from '../../src/lint/model.ts';

/** What lint says of some files under a config; null: without one. */
export async function findings(
  files: Record<string, string>,
  config: string | null,
  as: string | null = null,
): Promise<LintFinding[]> {
  const directory = mkdtempSync(join(tmpdir(), 'lint-rules-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, 'in', name)), { recursive: true });
      writeFileSync(join(directory, 'in', name), text);
    }
    if (config !== null) writeFileSync(join(directory, 'config.yaml'), config);
    const policy = config === null ? null : lintPolicy(join(directory, 'config.yaml'));
    return (await lint({ inputs: filesBelow([join(directory, 'in')]), policy, as })).findings;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** `1 wrong PL001`: lines, severities and codes. */
export async function said(
  text: string,
  config: string | null,
  name = 'x.sh',
  as: string | null = null,
): Promise<string[]> {
  return (await findings({ [name]: text }, config, as)).map(
    ({ line, severity, code }) => `${line} ${severity} ${code}`,
  );
}
