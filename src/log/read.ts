import { LOG_FILES, linesFromEnd, rotations } from './files.ts';
import { readJournal } from './journal.ts';
import { lineOfFile, lineOfJournal, type LogLine } from './lines.ts';
import { parseLine, type LogEntry } from './parse.ts';

export interface Recorded extends LogEntry {
  /** ISO 8601, UTC. */
  time: string;
}

export interface WantedEntries {
  lines: number;
  /** Null: no limit. */
  since: Date | null;
  accepts: (entry: LogEntry) => boolean;
}

export type LogRead =
  /** Oldest first. `unreadable`: number of invalid lines with our tag. */
  | { type: 'read'; entries: Recorded[]; unreadable: number; source: string }
  | { type: 'denied'; source: string }
  | { type: 'none' };

class Collection {
  readonly entries: Recorded[] = [];
  unreadable = 0;
  seen = 0;

  constructor(private readonly wanted: WantedEntries) {}

  /** False: enough. */
  take(line: LogLine | null): boolean {
    if (line === null) return true;
    if (this.wanted.since !== null && new Date(line.time) < this.wanted.since) return false;
    this.seen++;
    const entry = parseLine(line.message);
    if (entry === null) this.unreadable++;
    else if (this.wanted.accepts(entry)) this.entries.push({ time: line.time, ...entry });
    return this.entries.length < this.wanted.lines;
  }

  read(source: string): LogRead {
    return { type: 'read', entries: this.entries.reverse(), unreadable: this.unreadable, source };
  }
}

/** From the journal, or the first log file with entries. */
export async function readLog(wanted: WantedEntries): Promise<LogRead> {
  const journal = new Collection(wanted);
  const end = await readJournal((json) => journal.take(lineOfJournal(json)));
  // Skip an incomplete journal: it shows only some entries to this user.
  if (end === 'read' && journal.seen > 0) return journal.read('the journal');
  const file = readFiles(wanted);
  switch (end) {
    // An empty journal usually means that the log files are in use.
    case 'read':
      return file.type === 'none' ? journal.read('the journal') : file;
    case 'denied':
      return file.type === 'read' ? file : { type: 'denied', source: 'the journal' };
    case 'none':
      return file;
  }
}

function readFiles(wanted: WantedEntries): LogRead {
  let empty: LogRead | null = null;
  let denied: LogRead | null = null;
  for (const name of LOG_FILES) {
    const read = readFile(name, wanted);
    if (read.type === 'denied') denied ??= read;
    if (read.type !== 'read') continue;
    if (read.entries.length + read.unreadable > 0) return read;
    empty ??= read;
  }
  return denied ?? empty ?? { type: 'none' };
}

function readFile(name: string, wanted: WantedEntries): LogRead {
  const found = new Collection(wanted);
  const now = new Date();
  let source: string | null = null;
  for (const path of rotations(name)) {
    try {
      for (const line of linesFromEnd(path)) {
        if (!found.take(lineOfFile(line, now))) return found.read(path);
      }
      source ??= path;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') return { type: 'denied', source: path };
      // Removed, a directory, or damaged: go on with the others.
    }
  }
  return source === null ? { type: 'none' } : found.read(source);
}
