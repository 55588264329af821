/* The bundle that load.ts loads when no compiled policy is valid. */
export { rehearsePolicy as rehearse } from '../policy/rehearse.ts';
export { compileConfig, saveCompiled, saveOwnCompiled } from '../policy/slow.ts';
