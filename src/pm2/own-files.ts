/** Sockets that a daemon creates in its PM2_HOME (paths.js of PM2 5.4 to 7.0). */
export const PM2_SOCKETS: readonly string[] = ['rpc.sock', 'pub.sock', 'interactor.sock'];

/** Files that PM2 creates in a PM2_HOME (paths.js of PM2 5.4 to 7.0; lib/Client.js initFileStructure). */
export const PM2_FILES: readonly string[] = [
  'pm2.pid',
  'agent.pid',
  'pm2.log',
  'agent.log',
  'module_conf.json',
  'touch',
  'dump.pm2',
  'dump.pm2.bak',
  'reload.lock',
  'pm2-io-token',
  'agent.json5',
  'conf.js',
];

/** PM2 creates no directories below `logs` and `pids`. */
export const PM2_DIRECTORIES: readonly string[] = ['logs', 'pids', 'modules'];

/**
 * Whether PM2 creates an entry of this name.
 * @param name relative to the PM2_HOME: `dump.pm2`, `logs`, `logs/myapp-out.log`; `.` is the PM2_HOME
 */
export function isMadeByPm2(name: string): boolean {
  if (name === '.' || PM2_FILES.includes(name) || PM2_SOCKETS.includes(name) || PM2_DIRECTORIES.includes(name))
    return true;
  // PM2's module pm2-logrotate adds a date and compresses the file.
  return /^logs\/[^/]+\.log(\.gz)?$/.test(name) || /^pids\/[^/]+\.pid$/.test(name);
}
