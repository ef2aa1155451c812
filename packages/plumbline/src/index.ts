// What users install: everything public of core, under one name.
export * from "@plumbline/core";
