// Drives Segment's library for Node: what to do comes as JSON on standard input.
"use strict";

const { Analytics } = require("@segment/analytics-node");

let text = "";
process.stdin.on("data", (part) => { text += part; });
process.stdin.on("end", async () => {
  const job = JSON.parse(text);
  const errors = [];
  const client = new Analytics({
    writeKey: job.key, host: job.host, flushInterval: 50, flushAt: job.flushAt || 15,
    maxRetries: 5,
  });
  client.on("error", (error) => errors.push(String(error.code || error)));
  for (const [method, message] of job.calls) client[method](message);
  await client.closeAndFlush({ timeout: job.timeout || 20000 });
  process.stdout.write(JSON.stringify({ errors }));
});
