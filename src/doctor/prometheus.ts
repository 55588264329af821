import type { Pm2Home } from '../runtime/brands.ts';
import { escapeControls } from '../terminal/escape.ts';
import type { Report } from './report.ts';

interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Prometheus text format 0.0.4, for the node exporter's textfile collector. It refuses samples with timestamps. */
export function prometheusText(
  { daemons, socketless, ghosts, findings, time, config }: Report,
  declared: readonly { name: string; user: string; pm2Home: Pm2Home }[],
): string {
  const labels = (daemon: { name: string | null; user: string | null }, pm2Home: Pm2Home) => ({
    daemon: daemon.name ?? '',
    user: daemon.user ?? '',
    home: pm2Home,
  });
  const down = declared.filter(({ name }) => !daemons.some((daemon) => daemon.name === name));
  return [
    ...metric(
      'pm2_guard_daemon_up',
      'Whether the PM2 daemon answers; without a name in the label daemon, no config declares it.',
      [
        ...daemons.map((daemon) => ({ labels: labels(daemon, daemon.home), value: Number(daemon.answers === 'yes') })),
        ...down.map((daemon) => ({ labels: labels(daemon, daemon.pm2Home), value: 0 })),
      ],
    ),
    ...metric(
      'pm2_guard_apps',
      'Processes of PM2 by the state that their daemon gives.',
      daemons.flatMap((daemon) =>
        counts(daemon.apps.map(({ state }) => state ?? 'unknown')).map(([state, value]) => ({
          labels: { ...labels(daemon, daemon.home), state },
          value,
        })),
      ),
    ),
    ...metric(
      'pm2_guard_strays',
      'Processes of PM2 in a daemon that the config does not put them into.',
      daemons.map((daemon) => ({
        labels: labels(daemon, daemon.home),
        value: daemon.apps.filter(({ placement }) => placement === 'stray').length,
      })),
    ),
    ...metric('pm2_guard_socketless', 'Daemons of PM2 that listen on no socket.', [
      { labels: {}, value: socketless.length },
    ]),
    ...metric('pm2_guard_ghosts', 'Processes that PM2 started and no daemon has any more.', [
      { labels: {}, value: ghosts.length },
    ]),
    ...metric(
      'pm2_guard_findings',
      'Findings of pm2-guard doctor by their code.',
      counts(findings.map(({ code, urgency }) => `${code} ${urgency}`)).map(([key, value]) => {
        const [code = '', urgency = ''] = key.split(' ');
        return { labels: { code, urgency }, value };
      }),
    ),
    ...metric('pm2_guard_config_usable', 'Whether there is a config that can be used as it is.', [
      { labels: {}, value: Number(config.file !== null && config.problem === null) },
    ]),
    ...metric('pm2_guard_doctor_timestamp_seconds', 'When pm2-guard doctor looked.', [
      { labels: {}, value: Date.parse(time) / 1000 },
    ]),
    '',
  ].join('\n');
}

function counts(words: readonly string[]): [string, number][] {
  const found = new Map<string, number>();
  for (const word of words) found.set(word, (found.get(word) ?? 0) + 1);
  return [...found];
}

/** The collector refuses two samples of one label set, and daemons can share one (T33). The least value counts. */
function metric(name: string, help: string, samples: readonly Sample[]): string[] {
  const unique = new Map<string, number>();
  for (const { labels, value } of samples) {
    const key = Object.entries(labels)
      .map(([label, text]) => `${label}="${escaped(text)}"`)
      .join(',');
    unique.set(key, Math.min(value, unique.get(key) ?? Infinity));
  }
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...[...unique].map(([key, value]) => `${name}${key === '' ? '' : `{${key}}`} ${value}`),
  ];
}

function escaped(text: string): string {
  return escapeControls(text).replace(/[\\"]/g, '\\$&');
}
