/**
 * Runs a bundled handler in a process of its own that is killed at an answer of the service which the handler asks, before it sees that answer:
 * `killed-handler.cjs BUNDLE ANSWER`, with the event on standard input. An exit code of 0 says that there were fewer answers.
 */
const { Socket } = require('node:net');
const { Duplex } = require('node:stream');
const { readFileSync } = require('node:fs');

const [bundle = '', last] = process.argv.slice(2);
let answers = 0;
Socket.prototype.push = function push(chunk, ...rest) {
  if (chunk !== null && ++answers === Number(last)) process.kill(process.pid, 'SIGKILL');
  return Duplex.prototype.push.call(this, chunk, ...rest);
};

async function main() {
  const { onEvent, isComplete } = require(bundle);
  const event = JSON.parse(readFileSync(0, 'utf8'));
  const whole = { ...event, ...(await onEvent(event)) };
  while (isComplete && !(await isComplete(whole)).IsComplete);
}

main().then(() => process.exit(0));
