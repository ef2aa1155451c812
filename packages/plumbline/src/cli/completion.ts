/**
 * `plumbline completion SHELL`: commands, options and files, completed by the user's shell.
 *
 * Boundary: the command list as shell scripts; nothing is asked at completion time, so that Tab never waits.
 * Invariant: names are letters and dashes only, so nothing needs quoting; words in zsh and fish are quoted.
 */
import { type CommandSpec, globalOptions, type OptionSpec } from "./command-line.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { CliError } from "./problem.ts";
import { answer, argument, type Session } from "./session.ts";

const shells: Readonly<Record<string, (specs: readonly CommandSpec[]) => string>> = { bash, zsh, fish };

export async function completionCommand(session: Session, commands: readonly CommandSpec[]): Promise<ExitCode> {
  const shell = argument(session, 0);
  const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (!script) {
    throw new CliError("usage", "there is no completion for this shell", {
      path: shell,
      expected: Object.keys(shells).join(", "),
      found: shell,
      mend: "name one of these",
    });
  }
  const text = script(commands);
  answer(
    session,
    () => ({ shell, script: text }),
    () => text,
  );
  return exitCodes.fine;
}

function optionsOf(spec: CommandSpec): readonly OptionSpec[] {
  return [...spec.options, ...globalOptions];
}

function takesFile(spec: CommandSpec): boolean {
  return spec.args.some(({ isFile }) => isFile);
}

function bash(specs: readonly CommandSpec[]): string {
  const cases = specs.map((spec) => {
    const names = optionsOf(spec).map(({ name }) => `--${name}`);
    return `    ${spec.name}) options="${names.join(" ")}"${takesFile(spec) ? " files=yes" : ""} ;;`;
  });
  return `# plumbline completion for bash: plumbline completion bash >> ~/.bashrc
_plumbline() {
  local current="\${COMP_WORDS[COMP_CWORD]}" options="" files=""
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 && $current != -* ]]; then
    COMPREPLY=($(compgen -W "${specs.map(({ name }) => name).join(" ")} help" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) options="${globalOptions.map(({ name }) => `--${name}`).join(" ")}" ;;
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    --db|--flows) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n $files ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _plumbline plumbline
`;
}

function zsh(specs: readonly CommandSpec[]): string {
  const list = specs.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = specs.map((spec) => {
    const options = optionsOf(spec).map((option) => {
      const file = option.name === "db" || option.name === "flows" ? ":file:_files" : `:${option.value}:`;
      return `'--${option.name}[${quoted(option.words).replaceAll("]", "\\]")}]${option.value === undefined ? "" : file}'`;
    });
    const args = takesFile(spec) ? ["'*:file:_files'"] : [];
    return `    ${spec.name}) _arguments ${[...options, ...args].join(" ")} ;;`;
  });
  return `#compdef plumbline
# plumbline completion for zsh: plumbline completion zsh > "\${fpath[1]}/_plumbline"
_plumbline() {
  local -a names
  names=(
${list.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command names
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_plumbline" ]; then _plumbline "$@"; else compdef _plumbline plumbline; fi
`;
}

function fish(specs: readonly CommandSpec[]): string {
  const names = specs.map(({ name }) => name).join(" ");
  const lines = specs.flatMap((spec) => [
    `complete -c plumbline -n "not __fish_seen_subcommand_from ${names}" -a ${spec.name} -d '${quoted(spec.summary)}'`,
    ...(takesFile(spec) ? [`complete -c plumbline -n "__fish_seen_subcommand_from ${spec.name}" -F`] : []),
    ...optionsOf(spec).map(
      ({ name, value, words }) =>
        `complete -c plumbline -n "__fish_seen_subcommand_from ${spec.name}" -l ${name}${value === undefined ? "" : " -r"} -d '${quoted(words)}'`,
    ),
  ]);
  return `# plumbline completion for fish: plumbline completion fish > ~/.config/fish/completions/plumbline.fish
complete -c plumbline -f
${lines.join("\n")}
`;
}

/** Within single quotes, in every shell. */
function quoted(words: string): string {
  return words.replaceAll("'", "’").replaceAll("`", "");
}
