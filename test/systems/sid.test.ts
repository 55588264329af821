import { describeSystem } from './describe-system.ts';

describeSystem('sid');
