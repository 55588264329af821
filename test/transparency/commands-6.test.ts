import { compareOn } from './commands.ts';

compareOn('6.0.14', ['on']);
