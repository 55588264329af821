# shellcheck shell=bash
# Completion of pm2-guard for bash. pm2-guard itself, which only reads, says what can be typed.
# Neither the typed words nor the answer is ever evaluated: hence no `compgen -W`, which expands its argument.

_pm2_guard() {
  local cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD line word breaks typed=
  # bash splits words at `=` and `:`; bash-completion puts them together again.
  if declare -F _get_comp_words_by_ref > /dev/null; then _get_comp_words_by_ref -n =: cur words cword; fi
  local -a answer
  # Quotes are taken away as text: only an eval would do it exactly.
  words=("${words[@]//[\\\'\"]/}")
  mapfile -t answer < <(command pm2-guard __complete -- "${words[@]:1:cword}" 2> /dev/null)
  COMPREPLY=()
  if [[ ${answer[0]-} == files ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    compopt -o filenames 2> /dev/null
  fi
  # Only what follows the last of these is replaced.
  breaks=${COMP_WORDBREAKS//[!=:]/}
  [[ -z $breaks ]] || typed=${cur%"${cur##*["$breaks"]}"}
  for line in "${answer[@]:1}"; do
    word=${line%%$'\t'*}
    [[ $cur == [\'\"]* ]] || printf -v word %q "$word"
    COMPREPLY+=("${word#"$typed"}")
  done
}

complete -F _pm2_guard pm2-guard
