# Completion of pm2-guard for fish: what can be typed is asked of pm2-guard itself, which only reads.

function __pm2_guard_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    # Without its quotes, as far as they are closed.
    set -l word (string unescape -- "$typed"; or string trim --left --chars '"\'' -- "$typed")
    set -l answer (command pm2-guard __complete -- $words[2..-1] "$word" 2>/dev/null)
    if test "$answer[1]" = files
        __fish_complete_path "$typed"
    end
    printf '%s\n' $answer[2..-1]
end

complete -c pm2-guard -f -a '(__pm2_guard_complete)'
