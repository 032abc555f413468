// Long polls, one after the other, for as long as somebody looks at the attempt.

// Yields each changed state of the attempt, and at last the answer that says it is not there.
export async function* changesOf(saoma, user, attempt, signal) {
  let version = null;
  let [earlier, latest, failures] = [-Infinity, -Infinity, 0];
  while (true) {
    // Two polls in two seconds at the most, as the server wants it.
    await pause(earlier + 2100 - performance.now());
    if (signal.aborted) return;
    [earlier, latest] = [latest, performance.now()];
    const answer = await saoma.attempt(user, attempt, version, signal);
    if (signal.aborted) return;
    if (answer.ok) {
      failures = 0;
      if (answer.status === 200 && answer.body.version !== version) {
        version = answer.body.version;
        yield answer;
      }
    } else if (answer.status === 404) {
      yield answer;
      return;
    } else {
      failures += 1;
      await pause(1000 * (answer.body.retry_in ?? Math.min(2 ** failures, 15)));
    }
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
