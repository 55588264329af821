import type { Kind } from './kinds.ts';
import type { Reading, SourceFile, User } from './model.ts';
import { contextOfPath } from './context.ts';
import type { Grammar } from './shell/grammar.ts';
import { runText } from './shell/run.ts';
import { ShellScope } from './shell/scope.ts';
import { Session, type ReadPart } from './shell/session.ts';
import { readAnacrontab, readCrontab } from './readers/crontab.ts';
import { readAuthorizedKeys, readBlade, readLogrotate } from './readers/directives.ts';
import { readFish } from './readers/fish.ts';
import { readMakefile } from './readers/makefile.ts';
import { readPackage, readProcessFile } from './readers/package.ts';
import { readProgram } from './readers/program.ts';
import { readJenkins } from './readers/jenkins.ts';
import { readSupervisor, readUnit } from './readers/unit.ts';
import { readYaml } from './readers/yaml/yaml.ts';

const readers: Readonly<Record<Kind, ReadPart>> = {
  shell: (_kind, fragment, scope, session) => {
    runText(fragment, scope, session);
  },
  fish: (_kind, fragment, scope, session) => {
    readFish(fragment, scope, session);
  },
  crontab: (_kind, fragment, scope, session) => {
    readCrontab(fragment, scope, session, false);
  },
  'system crontab': (_kind, fragment, scope, session) => {
    readCrontab(fragment, scope, session, true);
  },
  anacrontab: (_kind, fragment, scope, session) => {
    readAnacrontab(fragment, scope, session);
  },
  unit: (_kind, fragment, scope, session) => {
    readUnit(fragment, scope, session);
  },
  'drop-in': (_kind, fragment, scope, session) => {
    readUnit(fragment, scope, session, { isDropIn: true });
  },
  supervisor: (_kind, fragment, scope, session) => {
    readSupervisor(fragment, scope, session);
  },
  // A container has its own daemons: an image reaches none of the host's.
  dockerfile: () => undefined,
  yaml: (_kind, fragment, scope, session) => {
    readYaml(fragment, scope, session);
  },
  jenkins: (_kind, fragment, scope, session) => {
    readJenkins(fragment, scope, session);
  },
  package: (_kind, fragment, scope, session) => {
    readPackage(fragment, scope, session);
  },
  makefile: (_kind, fragment, scope, session) => {
    readMakefile(fragment, scope, session);
  },
  'process file': (_kind, fragment, scope, session) => {
    readProcessFile(fragment, scope, session);
  },
  ruby: (_kind, fragment, scope, session) => {
    readProgram('ruby', fragment, scope, session);
  },
  php: (_kind, fragment, scope, session) => {
    readProgram('php', fragment, scope, session);
  },
  python: (_kind, fragment, scope, session) => {
    readProgram('python', fragment, scope, session);
  },
  javascript: (_kind, fragment, scope, session) => {
    readProgram('javascript', fragment, scope, session);
  },
  logrotate: (_kind, fragment, scope, session) => {
    readLogrotate(fragment, scope, session);
  },
  // A sudoers rule runs nothing; the calls that it allows are judged in their own files.
  sudoers: () => undefined,
  blade: (_kind, fragment, scope, session) => {
    readBlade(fragment, scope, session);
  },
  'authorized keys': (_kind, fragment, scope, session) => {
    readAuthorizedKeys(fragment, scope, session);
  },
  text: () => undefined,
};

/** The grammars for a kind of file, including shell, which each may contain. */
export function grammarsOf(kind: Kind): Grammar[] {
  if (kind === 'php' || kind === 'python' || kind === 'javascript' || kind === 'ruby' || kind === 'fish')
    return ['bash', kind];
  return kind === 'process file' ? ['bash', 'javascript'] : ['bash'];
}

const readPart: ReadPart = (kind, fragment, scope, session) => {
  // The grammar of an embedded file may not be loaded; then its content is skipped.
  if (!['php', 'python', 'javascript', 'ruby', 'fish', 'process file'].includes(kind))
    readers[kind](kind, fragment, scope, session);
};

/**
 * The calls of a file and their users. The grammars of its kind must be loaded.
 * @param given its user, if neither the file nor its path names one
 */
export function readSource(source: SourceFile, kind: Kind, given: User): Reading {
  const session = new Session(source.path, readPart);
  const { user, forms } = contextOfPath(source.path);
  const [, comment] = /(?:#|\/\/|--)\s*pm2-guard:\s*run-as\s+([\w.-]+)/.exec(source.text) ?? [];
  const said: User = comment === undefined ? user : { kind: 'known', name: comment, said: 'the run-as comment' };
  const scope = new ShellScope(said.kind === 'unset' ? given : said, { kind: 'here' }, null, forms);
  if (source.unit) readUnit(source.whole, scope, session, { files: source.unit });
  else readers[kind](kind, source.whole, scope, session);
  return session.reading;
}
