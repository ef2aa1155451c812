// Gives tfjs its gradients, which its core leaves out: by the core's own list, without the whole of @tensorflow/tfjs.
// Boundary: imported for its effect by train.ts only; inference needs no gradients.
// The list is written for bundlers, with imports that name no file ending, so Node is told where they lead. It keeps its
// registry in a place of the process that the core's bundle reads too.
import { registerHooks } from "node:module";

const hook = registerHooks({
  resolve(specifier, context, next) {
    const bare =
      specifier.startsWith(".") && context.parentURL?.includes("/tfjs-core/dist/") && !specifier.endsWith(".js");
    return next(bare ? `${specifier}.js` : specifier, context);
  },
});
await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
hook.deregister();
