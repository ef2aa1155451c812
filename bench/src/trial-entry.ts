/**
 * The entry of a trial's process: loads the trial, runs it, sends what it measured to its parent.
 *
 * Boundary: words of the command line to figures. Invariant: the process ends by itself when the trial has let go of all.
 */
import type { TrialModule, TrialPlace } from "./trial.ts";

const [name, params] = process.argv.slice(2);
const { trial } = (await import(`./trials/${name}.ts`)) as TrialModule;
const figures = await trial(JSON.parse(params as string) as TrialPlace);
process.send?.(figures);
process.disconnect?.();
