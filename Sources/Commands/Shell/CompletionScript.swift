/// The few lines by which a shell asks `mydocker __complete` for what fits.
package enum CompletionScript: String, CaseIterable {
    case bash, zsh, fish

    /// - Parameter program: the name that is completed.
    package func text(for program: String) -> String {
        switch self {
        case .bash: Self.forBash(program)
        case .zsh: Self.forZsh(program)
        case .fish: Self.forFish(program)
        }
    }

    /// The line is split at spaces alone: COMP_WORDS would be split at `:` and `=`, too. Of what fits, bash wants only what
    /// stands behind the last of those.
    private static func forBash(_ program: String) -> String {
        """
        _\(program)() {
            local line=${COMP_LINE:0:COMP_POINT} words typed start word
            read -ra words <<<"$line"
            case $line in *' ') words+=('') ;; esac
            typed=${words[${#words[@]} - 1]}
            start=${typed%"${typed##*[:=]}"}
            COMPREPLY=()
            while read -r word; do
                COMPREPLY+=("${word#"$start"}")
            done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
        }
        complete -o default -F _\(program) \(program)

        """
    }

    private static func forZsh(_ program: String) -> String {
        """
        #compdef \(program)
        _\(program)() {
            local -a fitting
            fitting=("${(@f)$(${words[1]} __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            if [[ -n ${fitting[1]} ]]; then
                compadd -- "${fitting[@]}"
            else
                _files
            fi
        }
        if [[ ${funcstack[1]} == _\(program) ]]; then
            _\(program) "$@"
        else
            compdef _\(program) \(program)
        fi

        """
    }

    private static func forFish(_ program: String) -> String {
        """
        function __\(program)_complete
            set -l words (commandline -opc) (commandline -ct)
            $words[1] __complete -- $words[2..-1] 2>/dev/null
        end
        complete -c \(program) -a '(__\(program)_complete)'

        """
    }
}
