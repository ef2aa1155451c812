// The flow as the command line finds it: wired to the bank and the models that the environment names.
//   npm run plumbline -- run examples/loan-triage/src/configured-flow.ts --sample 01-text --key application-1
// Boundary: environment to parts; starts nothing, so that `plumbline graph` needs no bank. The demo wires its own.
// Invariant: nothing is simulated here: without a model the ladder ends on the template, and the run ends degraded.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { loanTriageFlow } from "./flow.ts";

const environment = process.env;
const apiKey = environment["OPENAI_API_KEY"];
const provider = createOpenAICompatible({
  name: "openai-compatible",
  baseURL: environment["OPENAI_BASE_URL"] ?? "http://127.0.0.1:8080/v1",
  ...(apiKey === undefined ? {} : { apiKey }),
});
const model = environment["OPENAI_MODEL"] ?? "primary";

export const loanTriage = loanTriageFlow({
  bank: environment["CORE_BANKING_URL"] ?? "http://127.0.0.1:4010",
  primary: provider(model),
  secondary: provider(environment["OPENAI_FALLBACK_MODEL"] ?? environment["OPENAI_MODEL"] ?? "secondary"),
});
