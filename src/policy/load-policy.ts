/* The bundle that a call loads where no compiled policy holds (load.ts). */
export { rehearsePolicy as rehearse } from './rehearse.ts';
export { compileConfig, saveCompiled, saveOwnCompiled } from './slow.ts';
