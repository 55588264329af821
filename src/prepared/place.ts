/** The start-up of PM2 as root prepared it: one file for each package of PM2 and each node. Only root writes here. */
export const PREPARED_DIRECTORY = '/var/cache/pm2-guard';

/**
 * The file for one pm2 started by one node. Both paths stand in its name, `/` as `-`.
 *
 * @param pm2Package physical path of the package's directory
 * @param node physical path of node (process.execPath)
 */
export function preparedFile(pm2Package: string, node: string): string {
  return `${PREPARED_DIRECTORY}/${flat(pm2Package)},${flat(node)}`;
}

/** Whether a file of this directory is one of these. */
export function isPreparedFile(name: string): boolean {
  return /^[^.,][^,]*,[^,]+$/.test(name);
}

function flat(path: string): string {
  const escaped = path.slice(1).replace(/[%,-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  return escaped.replaceAll('/', '-');
}
