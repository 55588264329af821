/* The bundle that a call loads where no compiled policy holds (load.ts). */
export { rehearsePolicy } from './rehearse.ts';
export { compileConfig, saveCompiled, saveOwnCompiled } from './slow.ts';
