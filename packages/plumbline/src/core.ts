/**
 * `plumbline/core`: everything of the core, for packages that stand beside this one (@plumbline/ai, @plumbline/restate).
 *
 * Boundary: a door for them alone, so that user and package meet the same core; users import `plumbline`. Invariant: no
 * promise between versions: such packages are published in the version that they were built with.
 */
export * from "@plumbline/core";
