#!/usr/bin/env node
// Starts the CLI, after one look at the Node it runs on: an old one gets one clear line and no stack trace.
// So this file keeps to syntax that every Node reads. In the repository it runs the sources, at a user's the build.
"use strict";
var oldest = 24;
var sources = require("path").join(__dirname, "../src/cli/main.ts");

if (parseInt(process.versions.node, 10) < oldest) {
  console.error(
    "plumbline needs Node " + oldest + " or newer; this is " + process.versions.node + " at " + process.execPath,
  );
  process.exit(1);
} else if (require("fs").existsSync(sources)) {
  runSources();
} else {
  import("../dist/cli/main.js");
}

function runSources() {
  var options = ["--conditions=plumbline-source", sources].concat(process.argv.slice(2));
  var child = require("child_process").spawn(process.execPath, options, { stdio: "inherit" });
  // A terminal sends Ctrl-C to both: the child decides, this one waits for it.
  process.on("SIGINT", function () {});
  process.on("SIGTERM", function () {
    child.kill("SIGTERM");
  });
  child.on("exit", function (code, signal) {
    process.exit(signal ? 128 + require("os").constants.signals[signal] : code);
  });
}
