import { kindOf } from '../../src/lint/kinds.ts';
import type { LintCall } from '../../src/lint/model.ts';
import { grammarsOf, readSource } from '../../src/lint/read.ts';
import { loadGrammars } from '../../src/lint/shell/grammar.ts';
import { Fragment, Lines } from '../../src/lint/text.ts';

/** `3 root@web1 PM2_HOME=/x: restart myapp`: the line, who, where if not here, what is set, the words. */
function inWords(call: LintCall, lines: Lines): string {
  const { user, world, pm2Home, homeDirectory: home } = call;
  const who = user.kind === 'known' ? user.name : user.kind === 'variable' ? `{${user.text}}` : '?';
  const places: Record<LintCall['world']['kind'], string> = {
    here: '',
    remote: `@${world.kind === 'remote' ? world.host : ''}`,
    'variable host': '@?',
    'kept runner': '@runner',
    container: '@container',
    'throwaway runner': '@throwaway',
  };
  const set = [['PM2_HOME', pm2Home] as const, ['HOME', home] as const].flatMap(([name, setting]) =>
    setting === null ? [] : [` ${name}=${setting.value ?? '?'}`],
  );
  const words = call.words.map(({ text }) => text).join(' ');
  return `${lines.place(call.pm2At).line} ${who}${places[world.kind]}${set.join('')}: ${words}`;
}

/** The calls in a file, in the order in which they stand there. */
export async function callsIn(path: string, text: string): Promise<string[]> {
  const kind = kindOf(path, text);
  if (kind === null) return [];
  await loadGrammars(['bash', 'javascript', ...grammarsOf(kind)]);
  const lines = new Lines(text);
  const reading = readSource({ path, text, whole: new Fragment(text, 0) }, kind, { kind: 'unset' });
  return [...reading.calls].sort((a, b) => a.pm2At - b.pm2At).map((call) => inWords(call, lines));
}
