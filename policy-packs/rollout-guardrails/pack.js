#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Every preview starts it, and most of its start is the compiler's. Not awaited: the SDK's runner loads a pack's folder by
// `require`, which takes no module that waits at its top. No TypeScript itself: that runner would compile it in its own way.
enableCompileCache();
void import("./main.ts");

// The pack serves until its engine ends it. One that was killed no longer can; a process without its parent has another.
const engine = process.ppid;
setInterval(() => {
  if (process.ppid !== engine) process.exit();
}, 1000).unref();
