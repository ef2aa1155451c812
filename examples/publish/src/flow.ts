// A notice is classified, drafted twice side by side, shown to an editor, and sent. The flow itself has at most 20 lines.
// Boundary: wiring; reading is kind.ts, writing drafts.ts, the board is given. Invariants: without an editor only a warning goes
// out; what went out is withdrawn when nobody can say that it did.
import { type Duration, flow, optional } from "plumbline";
import { z } from "zod";
import { type Board, Receipt } from "./board.ts";
import { Draft, draftCore, draftLead, isFromNotice } from "./drafts.ts";
import { classify, Kind } from "./kind.ts";

const Notice = z.object({ id: z.string(), text: z.string().min(20).max(2_000) });
/** What goes out: a draft, or what the editor made of it; nothing when it is empty. */
const Choice = z.object({ text: z.string().max(280) });
const draft = { output: Draft, checks: { "from the notice": isFromNotice } };
const effect = { kind: "effect", output: Receipt, timeout: "5s", retry: { maxAttempts: 2, delay: "50ms" } } as const;

export const publishFlow = (board: Board, timeout: Duration) =>
  flow("publish", {
    input: Notice,
    build($, { id, text }) {
      const kind = $.step("classify", { needs: { text }, output: Kind }).by(classify).name;
      const lead = $.step("draft-lead", { ...draft, needs: { text, kind } }).by(draftLead);
      const core = $.step("draft-core", { ...draft, needs: { text, kind } }).by(draftCore);
      const onTimeout = (of: { kind: string; lead: string }) => ({ text: of.kind === "warning" ? of.lead : "" });
      const asked = { needs: { kind, lead, core }, decision: Choice, desk: "editors", timeout, onTimeout };
      const choice = $.approval("editor", asked);
      const sent = $.step("send", {
        ...effect,
        needs: { id, text: choice.text },
        when: ({ text }) => text !== "",
        compensate: ({ key }) => board.withdraw(key),
      }).by((post, { idempotencyKey, signal }) => board.post(post, idempotencyKey, signal));
      return { kind, text: choice.text, via: choice.via, post: optional(sent.id) };
    },
  });
