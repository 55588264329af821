import type { Host } from '../harness/host.ts';

/** Waits for the socket that logger(1) writes to. */
async function ready(host: Host): Promise<void> {
  await host.must('for i in $(seq 100); do test -S /dev/log && exit 0; sleep 0.05; done; exit 1');
}

/** The real systemd-journald, writing to /run/log/journal. It wants a cgroup tree; nothing else of systemd runs. */
export async function startJournald(host: Host): Promise<void> {
  await host.must(
    [
      'mount -t cgroup2 none /sys/fs/cgroup',
      'mkdir -p /run/systemd/journal /run/log/journal',
      'ln -sf /run/systemd/journal/dev-log /dev/log',
      'setsid /lib/systemd/systemd-journald < /dev/null > /dev/null 2>&1 &',
    ].join('\n'),
  );
  await ready(host);
}

/** The real rsyslogd as Debian configures it, without the kernel's messages, which are not the host's. */
export async function startRsyslog(
  host: Host,
  format: 'RSYSLOG_FileFormat' | 'RSYSLOG_TraditionalFileFormat',
): Promise<void> {
  await host.must(
    `sed -i /imklog/d /etc/rsyslog.conf && echo '$ActionFileDefaultTemplate ${format}' > ` +
      '/etc/rsyslog.d/format.conf && rm -f /dev/log && rsyslogd -i /run/rsyslogd.pid',
  );
  await ready(host);
}

/** busybox's syslogd, as Alpine runs it: everything in /var/log/messages, each line with its priority. */
export async function startBusyboxSyslogd(host: Host): Promise<void> {
  await host.must('rm -f /dev/log; setsid busybox syslogd -n < /dev/null > /dev/null 2>&1 &');
  await ready(host);
}

/** Ends the daemon that is running, and takes its socket away. */
export async function stopSyslog(host: Host): Promise<void> {
  await host.must('pkill -x "rsyslogd|busybox|systemd-journal"; rm -f /dev/log; true');
}
