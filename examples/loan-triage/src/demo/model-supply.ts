// The two models of the demonstration: an OpenAI-compatible server where one is configured, else the local stand-in,
// which is no language model; and the outages that can be switched on in front of either.
// Boundary: environment in, AI SDK models out. Invariants: what is not a language model is said to be none; an outage is
// a real HTTP answer of the stand-in, so that client, errors and retries are those of a real outage.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel } from "ai";
import { startLanguageModelStandIn } from "../language-model-stand-in.ts";

export type ModelRole = "primary" | "secondary";
export type ModelOutage = Partial<Record<ModelRole, "down" | "invents figures">>;

export interface ModelSupply extends AsyncDisposable {
  readonly primary: LanguageModel;
  readonly secondary: LanguageModel;
  readonly ids: Readonly<Record<ModelRole, string>>;
  /** Who answers, for people. */
  readonly notice: string;
  readonly areStandIns: boolean;
  /** From now on; what is left out works. */
  setOutage(outage: ModelOutage): void;
}

const outageModels = { down: "outage-down", "invents figures": "outage-invents" } as const;

/** Reads OPENAI_MODEL (and OPENAI_FALLBACK_MODEL), OPENAI_BASE_URL, OPENAI_API_KEY. Without a model: the stand-in. */
export async function supplyModels(environment: NodeJS.ProcessEnv = process.env): Promise<ModelSupply> {
  const standIn = await startLanguageModelStandIn({
    behaviours: { [outageModels.down]: "down", [outageModels["invents figures"]]: "wrong-figures" },
  });
  const model = environment["OPENAI_MODEL"];
  const baseUrl = environment["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1";
  const apiKey = environment["OPENAI_API_KEY"];
  const areStandIns = model === undefined || model === "";
  const ids = areStandIns
    ? { primary: "stand-in-primary", secondary: "stand-in-secondary" }
    : { primary: model, secondary: environment["OPENAI_FALLBACK_MODEL"] ?? model };
  let current: ModelOutage = {};
  const supply = (role: ModelRole) =>
    createOpenAICompatible({
      name: areStandIns ? "stand-in" : "openai-compatible",
      baseURL: areStandIns ? standIn.baseUrl : baseUrl,
      ...(apiKey === undefined || areStandIns ? {} : { apiKey }),
      fetch: (url, init) => {
        const outage = current[role];
        if (outage === undefined) return fetch(url, init);
        const body = { ...JSON.parse(String(init?.body)), model: outageModels[outage] };
        return fetch(`${standIn.baseUrl}/chat/completions`, { ...init, headers: {}, body: JSON.stringify(body) });
      },
    })(ids[role]);
  return {
    primary: supply("primary"),
    secondary: supply("secondary"),
    ids,
    notice: areStandIns
      ? `OPENAI_MODEL is not set. ${standIn.notice}`
      : `${ids.primary} and ${ids.secondary} at ${new URL(baseUrl).host}; outages are simulated in front of them`,
    areStandIns,
    setOutage: (outage) => {
      current = outage;
    },
    [Symbol.asyncDispose]: () => standIn.close(),
  };
}
