/** A loop as a user writes it: a sender and a reader on one connection, the thread blocked in select() while both wait. */
import { dugong, job, measure } from './measure.mjs';

const { HTTPConnection, POLLIN, POLLOUT, select } = await dugong();
const connection = new HTTPConnection(job.hostname, { port: job.port });

await measure((path, count) => {
  let sent = 0;
  let read = 0;
  let bytes = 0;

  function* sendRequests() {
    while (sent < count) {
      connection.cork();
      for (; sent < count && sent - read < job.depth; sent++) yield* connection.coSendRequest('GET', path);
      connection.uncork();
      // `depth` are on their way: nothing to wait for, it is the reader's turn.
      yield undefined;
    }
  }

  function* readResponses() {
    while (read < count) {
      // All that was sent has been answered: the sender's turn.
      if (read === sent) yield undefined;
      yield* connection.coReadResponse();
      bytes += (yield* connection.coReadAll()).length;
      read++;
    }
  }

  const sender = sendRequests();
  const reader = readResponses();
  for (;;) {
    const sending = sender.next().value;
    const reading = reader.next();
    if (reading.done) return bytes;
    if (reading.value === undefined) continue;
    const needs = sending === undefined ? [reading.value] : [reading.value, sending];
    select(
      needs.filter(({ mask }) => mask & POLLIN),
      needs.filter(({ mask }) => mask & POLLOUT),
    );
  }
});
connection.disconnect();
