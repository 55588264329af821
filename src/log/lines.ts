export interface LogLine {
  /** ISO 8601, UTC. */
  time: string;
  message: string;
}

const TAG = 'pm2-guard';
// Only the log daemon writes a tag at this position; elsewhere it could be message text of another program.
const LINE = new RegExp(
  `^(\\d{4}-\\d\\d-\\d\\dT[\\d:.]+(?:Z|[+-]\\d\\d:?\\d\\d)|[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d) \\S+ ` +
    `(?:[a-z0-9]+\\.[a-z]+ )?${TAG}(?:\\[\\d+\\])?: (.*)$`,
);

/** Formats: rsyslog, traditional (RFC 3164), busybox. `now` gives the year, which the traditional time lacks. */
export function lineOfFile(line: string, now: Date): LogLine | null {
  if (!line.includes(TAG)) return null;
  const [, stamp, message] = LINE.exec(line) ?? [];
  if (stamp === undefined || message === undefined) return null;
  const time = /^\d/.test(stamp) ? new Date(stamp) : withYear(stamp, now);
  return Number.isNaN(time.getTime()) ? null : { time: time.toISOString(), message };
}

/** `journalctl -o json` gives non-UTF-8 messages as bytes (systemd.journal-fields(7)). */
export function lineOfJournal(json: string): LogLine | null {
  try {
    const { MESSAGE, __REALTIME_TIMESTAMP } = JSON.parse(json) as Record<string, unknown>;
    const message = Array.isArray(MESSAGE) ? Buffer.from(MESSAGE as number[]).toString('utf8') : MESSAGE;
    if (typeof message !== 'string') return null;
    return { time: new Date(Number(__REALTIME_TIMESTAMP) / 1000).toISOString(), message };
  } catch {
    return null;
  }
}

const DAY_MS = 86_400_000;

function withYear(stamp: string, now: Date): Date {
  const year = now.getFullYear();
  const time = new Date(`${stamp} ${year}`);
  // The clock of the writer may have been ahead by a day.
  return time.getTime() > now.getTime() + DAY_MS ? new Date(`${stamp} ${year - 1}`) : time;
}
