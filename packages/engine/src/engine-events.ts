/**
 * What the engine says aloud: warnings that nobody asked for and somebody should see.
 *
 * Boundary: one function type and its default. Invariant: saying something never throws and never changes a run.
 */
export interface Warning {
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type OnWarning = (warning: Warning) => void;

/** Warnings go to standard error, one line each. */
export const warnOnStderr: OnWarning = ({ message, details }) => {
  const facts = Object.entries(details).map(([key, value]) => `${key}=${String(value)}`);
  process.stderr.write(`plumbline: ${[message, ...facts].join(" ")}\n`);
};

/** Says something, whatever the listener does: it must not be able to stop a run. */
export function saying(onWarning: OnWarning): (message: string, details?: Warning["details"]) => void {
  return (message, details = {}) => {
    try {
      onWarning({ message, details });
    } catch {
      // nobody is left to be told
    }
  };
}
