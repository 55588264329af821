declare const __VERSION__: string | undefined;

/** The pm2-guard that this is; put in by the build. */
export const VERSION = typeof __VERSION__ === 'undefined' ? '0.0.0-source' : __VERSION__;
