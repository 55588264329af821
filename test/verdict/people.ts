/** The people of the tables, who need not exist here: uid, passwd home. */
export const people: Record<string, [uid: number, home: string]> = {
  root: [0, '/root'],
  'www-data': [33, '/var/www'],
  deploy: [1001, '/home/deploy'],
  ops: [1002, '/home/ops'],
  alice: [1003, '/home/alice'],
  staging: [1004, '/home/staging'],
  prod: [1005, '/home/prod'],
};
