import { compareOn } from './commands.ts';

compareOn('7.0.4', ['on', 'off']);
