/** Prepared start-ups of PM2: one file for each package of PM2 and each node. Only root writes here. */
export const PREPARED_DIRECTORY = '/var/cache/pm2-guard';

/**
 * The file for one pm2 and one node. Its name holds both paths, with `-` for `/`.
 * @param pm2Package physical path of the package's directory
 * @param node physical path of node (process.execPath)
 */
export function preparedFile(pm2Package: string, node: string): string {
  return `${PREPARED_DIRECTORY}/${flat(pm2Package)},${flat(node)}`;
}

export function isPreparedFile(name: string): boolean {
  return /^[^.,][^,]*,[^,]+$/.test(name);
}

function flat(path: string): string {
  const escaped = path.slice(1).replace(/[%,-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  return escaped.replaceAll('/', '-');
}
