/** A line of the system log under our tag. */
export interface LogLine {
  /** ISO 8601, UTC. */
  time: string;
  message: string;
}

const TAG = 'pm2-guard';
// The tag stands where only the log daemon and whoever writes to it can put one; in a message of somebody else it is
// text.
const LINE = new RegExp(
  `^(\\d{4}-\\d\\d-\\d\\dT[\\d:.]+(?:Z|[+-]\\d\\d:?\\d\\d)|[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d) \\S+ ` +
    `(?:[a-z0-9]+\\.[a-z]+ )?${TAG}(?:\\[\\d+\\])?: (.*)$`,
);

/**
 * A line of a log file: rsyslog's with high precision (`2026-11-22T15:07:32.1+00:00 host tag: text`), the traditional
 * one (`Nov 22 15:07:32 host tag: text`, RFC 3164), or busybox's, which adds `auth.notice` before the tag.
 *
 * @param now the traditional time has no year: it is the last one before now
 * @returns null: not under our tag
 */
export function lineOfFile(line: string, now: Date): LogLine | null {
  if (!line.includes(TAG)) return null;
  const [, stamp, message] = LINE.exec(line) ?? [];
  if (stamp === undefined || message === undefined) return null;
  const time = /^\d/.test(stamp) ? new Date(stamp) : withYear(stamp, now);
  return Number.isNaN(time.getTime()) ? null : { time: time.toISOString(), message };
}

/** A line of `journalctl -o json`. A message that is no UTF-8 comes as a list of bytes (systemd.journal-fields(7)). */
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
  // A day of grace: the clock that wrote the line may have been ahead.
  return time.getTime() > now.getTime() + DAY_MS ? new Date(`${stamp} ${year - 1}`) : time;
}
