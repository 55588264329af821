import { commandOf } from '../../pm2/grammar.ts';
import type { Reached } from '../model.ts';

/** How a word reaches pm2; null: it does not. */
export function reaches(word: string): Reached | null {
  if (word === 'pm2') return 'pm2';
  if (/(^|\/)node_modules\/\.bin\/pm2$/.test(word)) return 'local';
  // A global install is at lib/node_modules/pm2/bin/pm2; a project's is in its own node_modules.
  if (/(^|\/)lib\/node_modules\/pm2\/bin\/pm2$/.test(word)) return 'path';
  if (/(^|\/)node_modules\/pm2\/bin\/pm2$/.test(word)) return 'local';
  return /\/pm2$/.test(word) && !/\/\.pm2$|\/(log|logs|log\/pm2|logrotate\.d|cron\.d|init\.d|opt)\/pm2$/.test(word)
    ? 'path'
    : null;
}

/** `$PM2`, `$PM2_BIN` and the like, if the file does not set them. */
export function isPm2Variable(text: string): boolean {
  return /^\$\{?PM2(_?(BIN|CMD|PATH|EXEC|EXECUTABLE|COMMAND))?\}?$/i.test(text);
}

export function isPm2Command(word: string | undefined): boolean {
  return word !== undefined && word !== '*' && commandOf(word, 7) !== undefined;
}

/** The package pm2, with or without a version. */
export function isPm2Package(word: string): boolean {
  return /^pm2(@[\w.^~-]+)?$/.test(word);
}
