/**
 * The text without what CI runners would carry out: `::name` at the beginning of a line (GitHub Actions), `##[` and
 * `##vso[` (Azure Pipelines), `##teamcity[`. The files that lint quotes may be of an author whom the runner does not
 * trust.
 * @param json a form that has `\u0023` for `#`
 */
export function withoutRunnerCommands(text: string, json: boolean): string {
  const [colon, hash] = json ? ['\\u003a', '\\u0023'] : ['\\x3a', '\\x23'];
  return text.replace(/^([^\S\n]*):(?=:)/gm, `$1${colon}`).replace(/#(?=#\w*\[)/g, hash);
}
