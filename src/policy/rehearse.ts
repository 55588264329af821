import { CONFIG_PLACES } from './places.ts';
import { checkConfig, compileConfig } from './slow.ts';
import { parseSource } from './source.ts';

/** Holds everything that a config usually holds, so V8 keeps the code for it. */
const SAMPLE = `# a comment
mode: rewrite
default: web
daemons:
  web:
    user: root
    home: /nonexistent/.pm2
    apps: [app, "shop-*"]
    paths:
      - /srv/app
    operators: [root, "%root"]
    mode: block
personal: ["site*", '%root']
exempt: [root]
on_error: open
contact: "ops on call"
`;

/** Compiles a config for src/bin/warm.ts, because V8 keeps only code that has run. */
export function rehearsePolicy(): void {
  compileConfig(CONFIG_PLACES[0]);
  const parsed = parseSource(CONFIG_PLACES[0], SAMPLE, 'yaml');
  if (parsed.type === 'source') checkConfig(parsed.source);
}
