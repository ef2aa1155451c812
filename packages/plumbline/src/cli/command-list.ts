/**
 * The commands, as data: names, arguments, options, examples.
 *
 * Boundary: help, completion and parsing read it; each command's work is loaded when it is used, so that `--help` stays
 * fast. Invariant: an option means the same in every command that has it.
 */
import type { ArgumentSpec, CommandSpec, OptionSpec } from "./command-line.ts";

const file: ArgumentSpec = { name: "FILE", words: "a TypeScript or JavaScript file that exports flows", isFile: true };
const flowName: ArgumentSpec = { name: "FLOW", optional: true, words: "which flow, when the file exports several" };
const runId: ArgumentSpec = { name: "RUN", words: "a run's id, an unambiguous beginning of it, or `last`" };
const approvalId: ArgumentSpec = {
  name: "ID",
  words: "RUN or RUN:PATH, as `plumbline approvals` lists them; an unambiguous beginning of the run's id is enough",
};

const by: OptionSpec = { name: "by", value: "NAME", words: "who says so; default this system's user" };
const acceptDegraded: OptionSpec = { name: "accept-degraded", words: "exit with 0 when the run ends degraded" };
const detach: OptionSpec = { name: "detach", words: "leave when only a person or a signal can move the run" };
const flowsFile: OptionSpec = {
  name: "flows",
  value: "FILE",
  words: "where the flow's code is; default the file that the run was started from",
};
const limit: OptionSpec = { name: "limit", value: "N", words: "at most so many; default 20" };

const decisionOptions: readonly OptionSpec[] = [
  { name: "decision", value: "JSON", words: "the whole decision, or @FILE; default what the command says" },
  by,
  { name: "note", value: "TEXT", words: "why, kept with the decision" },
  flowsFile,
];

export const commands: readonly CommandSpec[] = [
  {
    name: "run",
    summary: "start a run of a flow and follow it to its end",
    details:
      "With the same --key and input, the run that exists is followed instead of starting another one. When another\nprocess owns the database, the run is started there. Ctrl-C leaves the run: what it did is recorded.",
    args: [file, flowName],
    options: [
      { name: "input", value: "JSON", words: "the input, or @FILE; @- reads standard input" },
      { name: "sample", value: "NAME", words: "one of the flow's own samples as input" },
      { name: "key", value: "TEXT", words: "makes starting idempotent: the same key is the same run" },
      detach,
      acceptDegraded,
    ],
    examples: [
      `plumbline run greet.ts --input '{"name":"Ada"}'`,
      "plumbline run loans.ts loan-triage --input @application.json --key application-42",
    ],
    load: async () => (await import("./run-command.ts")).runCommand,
  },
  {
    name: "resume",
    summary: "go on with a run that was left, or watch one that another process runs",
    args: [runId],
    options: [flowsFile, detach, acceptDegraded],
    examples: ["plumbline resume last"],
    load: async () => (await import("./resume-command.ts")).resumeCommand,
  },
  {
    name: "runs",
    summary: "list runs, newest first",
    args: [],
    options: [
      { name: "flow", value: "NAME", words: "only this flow's" },
      {
        name: "status",
        value: "STATUS",
        words: "only running, waiting, held (answered, and their caller can still undo them), stopping or ended ones",
      },
      { name: "outcome", value: "OUTCOME", words: "only succeeded, degraded, failed or cancelled ones" },
      { name: "key", value: "TEXT", words: "only those with this key" },
      { name: "parent", value: "RUN", words: "only those that this run called" },
      { name: "all", words: "also runs that other runs called" },
      limit,
      { name: "cursor", value: "TEXT", words: "go on where the list before ended (`next` in its JSON)" },
    ],
    examples: ["plumbline runs --outcome degraded"],
    load: async () => (await import("./runs-command.ts")).runsCommand,
  },
  {
    name: "show",
    summary: "show a run: its steps, its answer, what was degraded",
    args: [runId],
    options: [{ name: "journal", words: "tell its journal, entry by entry" }],
    examples: ["plumbline show last --journal"],
    load: async () => (await import("./show-command.ts")).showCommand,
  },
  {
    name: "why",
    summary: "explain an answer: from a field back to the steps, models, people and inputs that made it",
    details: "Suspects come first: where something was degraded, dropped, decided automatically or wrong at first.",
    args: [
      runId,
      { name: "FIELD", optional: true, words: "a field of the answer such as customer.limit, or a step; default all" },
    ],
    options: [],
    examples: ["plumbline why last reference"],
    load: async () => (await import("./why-command.ts")).whyCommand,
  },
  {
    name: "approvals",
    summary: "list what waits for a person, or show one request with what it is about",
    args: [{ ...approvalId, optional: true }],
    options: [{ name: "desk", value: "NAME", words: "only this desk's" }, limit],
    examples: ["plumbline approvals --desk underwriting"],
    load: async () => (await import("./approvals-command.ts")).approvalsCommand,
  },
  {
    name: "approve",
    summary: "decide an approval: yes, or what --decision says",
    details:
      "The process that owns the database takes the decision. When there is none, this one becomes the owner, carries\nthe run on until only a person or a signal can move it, and says so.",
    args: [approvalId],
    options: decisionOptions,
    examples: [
      "plumbline approve last",
      `plumbline approve r0mb3:underwriter --decision '{"approved":true,"limit":5000}'`,
    ],
    load: async () => (await import("./decide-command.ts")).approveCommand,
  },
  {
    name: "reject",
    summary: "decide an approval: no, or what --decision says",
    args: [approvalId],
    options: decisionOptions,
    examples: [`plumbline reject last --note "income does not match"`],
    load: async () => (await import("./decide-command.ts")).rejectCommand,
  },
  {
    name: "signal",
    summary: "say something to a run: what it waits for under this name, or will",
    details:
      "A signal that comes before the run waits for it is kept. It goes the same way as a decision: to the process that\nowns the database, or this one becomes the owner and carries the run on.",
    args: [
      runId,
      { name: "NAME", words: "the signal, as the flow names it; `plumbline show RUN` says what it waits for" },
    ],
    options: [
      { name: "value", value: "JSON", words: "what it says, or @FILE; null when it says nothing" },
      by,
      { name: "id", value: "TEXT", words: "makes sending idempotent: the same id counts once" },
      flowsFile,
    ],
    examples: [`plumbline signal last payment --value '{"paid":true}' --id transfer-77`],
    load: async () => (await import("./signal-command.ts")).signalCommand,
  },
  {
    name: "cancel",
    summary: "stop a run and undo what it did",
    args: [runId],
    options: [by, { name: "reason", value: "TEXT", words: "why, kept with the run" }, flowsFile],
    examples: [`plumbline cancel r0mb3 --reason "sent twice"`],
    load: async () => (await import("./cancel-command.ts")).cancelCommand,
  },
  {
    name: "trust-clock",
    summary: "say that the clock is right although it jumped: timers go on",
    details:
      "Timers pause when the machine's clock jumps by more than five minutes (openEngine's clockJump). They go on by\nthemselves when it comes back; where it was wrong before and is right now, say so with this. What is overdue fires.",
    args: [],
    options: [],
    examples: ["plumbline trust-clock --db loans.db"],
    load: async () => (await import("./trust-clock-command.ts")).trustClockCommand,
  },
  {
    name: "graph",
    summary: "print a flow's plan as a Mermaid diagram",
    args: [file, flowName],
    options: [],
    examples: ["plumbline graph loans.ts > loans.mmd"],
    load: async () => (await import("./graph-command.ts")).graphCommand,
  },
  {
    name: "completion",
    summary: "print a completion script for a shell",
    args: [{ name: "SHELL", words: "bash, zsh or fish" }],
    options: [],
    examples: [
      `plumbline completion bash >> ~/.bashrc`,
      "plumbline completion fish > ~/.config/fish/completions/plumbline.fish",
    ],
    load: async () => {
      const { completionCommand } = await import("./completion.ts");
      return (session) => completionCommand(session, commands);
    },
  },
];
