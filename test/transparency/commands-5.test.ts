import { compareOn } from './commands.ts';

compareOn('5.4.3', ['on']);
