// The flow as the command line finds it: the real model, and letters that are printed instead of sent.
//   npm run plumbline -- run examples/support/src/configured-flow.ts --sample upset --key message-1 --detach
// Boundary: wiring; loads no model before a message comes. The example wires its own, with mailboxes that can be looked into.
// Invariant: letters go to standard error, so that `--json` stays one document.
import { modelEmbedder } from "./embedder.ts";
import { supportFlow } from "./flow.ts";

export const support = supportFlow({
  embedder: modelEmbedder,
  mailbox: {
    send({ key, to, text }) {
      console.error(`letter to ${to}: ${text}`);
      return { message: key };
    },
  },
});
