import { findUntrusted } from '../../src/trust/trust.ts';

// A process of its own, for a mount namespace of its own: one line a path, `ok` or the fault.
const [type, ...paths] = process.argv.slice(2);
for (const path of paths) {
  const fault = findUntrusted(path, type === 'directory' ? 'directory' : 'file');
  console.log(fault === null ? 'ok' : `${fault.kind} ${fault.path} ${fault.why}`);
}
