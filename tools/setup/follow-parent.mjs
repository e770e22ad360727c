/**
 * Loaded into a program before its first line: when its parent is gone without a word (kill -9), the program gets
 * SIGTERM as if the parent had forwarded it, so that nothing is left running without an owner.
 */
if (process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // A listener keeps the channel, and with it the program, alive; this one must not.
  process.channel.unref();
}
