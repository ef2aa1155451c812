import { z } from "zod";
import { flow, template } from "@plumbline/core";
import { openEngine, run, sqlite } from "@plumbline/engine";
const f = flow("loan", {
  input: z.object({ pdf: z.string(), n: z.number() }),
  build($, input) {
    const fields = $.step("extract", { needs: { pdf: input.pdf }, output: z.object({ income: z.number() }), checks: { big: (v) => v.income > 2 || "small" },
      retry: { delay: "10ms" } })
      .by(async ({ pdf }, { attempt, previous }) => ({ income: attempt, extra: previous?.reasons.join() }), );
    const kind = $.step("classify", { needs: { fields }, output: z.object({ kind: z.enum(["a", "b"]) }), retry: { maxAttempts: 1 } }).by(
      () => { throw new Error("model down"); },
      template(() => ({ kind: "a" })),
    );
    const verdict = $.approval("underwriter", {
      needs: { kind }, decision: z.object({ approved: z.boolean() }), desk: "u", timeout: "50ms", onTimeout: { approved: true },
    });
    const booking = $.step("book", {
      needs: { fields, verdict }, when: ({ verdict }) => verdict.approved, kind: "effect",
      output: z.object({ reference: z.string() }), compensate: (u) => { console.log("undo", u); },
    }).by(({ fields }, c) => ({ reference: c.idempotencyKey }));
    const fin = $.step("fin", { needs: { booking, n: input.n }, output: z.string(), kind: "effect", retry: { maxAttempts: 1 } }).by(({ n }) => { if (n > 1) throw new Error("no"); return "ok"; });
    return { approved: verdict.approved, via: verdict.via, reference: booking.reference, kind: kind.kind, fin };
  },
});
console.log(await run(f, { pdf: "x", n: 1 }));
console.log(await run(f, { pdf: "x", n: 2 }));
const e = await openEngine({ flows: [f], store: sqlite(process.argv[2]!) });
const r = await e.start(f, { pdf: "x", n: 1 }, { key: "k" });
const r2 = await e.start(f, { n: 1, pdf: "x" }, { key: "k" });
console.log(r.id === r2.id, r2.created);
await e.start(f, { pdf: "y", n: 1 }, { key: "k" }).catch((x) => console.log(x.message));
for await (const w of e.watch(r.id)) console.log(w.index, w.entry.kind);
await e.close();
