/**
 * Says clearly that this Node is too old, before anything of Plumbline runs on it.
 *
 * Boundary: the version and nothing else; imported first, by what users import. The command has its own check, in
 * bin/plumbline.cjs, because older Nodes cannot even read its modules. Invariant: it needs nothing that is newer than itself.
 */
const oldest = 24;
const { node } = process.versions;

if (Number.parseInt(node, 10) < oldest) {
  throw new Error(`plumbline needs Node ${oldest} or newer; this is ${node} at ${process.execPath}`);
}
