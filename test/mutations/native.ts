/**
 * Deliberate faults in native/, each with the test that finds it: about a third of them are mistakes that this project has made, and
 * mended. native-main.ts puts them in, one at a time.
 */

export interface NativeMutation {
  readonly name: string;
  /** In native/. */
  readonly file: string;
  /** What is there, exactly once, and what takes its place. */
  readonly before: string;
  readonly after: string;
  /** The test files of which one has to fail, within test/, without their ending. */
  readonly tests: readonly string[];
  /** What was so in this project once. */
  readonly history?: string;
}

export const NATIVE_MUTATIONS: readonly NativeMutation[] = [
  {
    name: 'a transfer that a signal interrupts is a failure',
    file: 'platform.cc',
    before: 'while (result == UV_EINTR);',
    after: 'while (false);',
    tests: ['native-faults/native-faults'],
  },
  {
    name: 'what was sent of the first buffer is sent again',
    file: 'buffer-list.h',
    before: 'if (left_out > 0) bytes.data += left_out;',
    after: '',
    tests: ['io/native'],
  },
  {
    name: 'the end of a range is not compared with its buffer',
    file: 'arguments.h',
    before: 'if (start > out->length || wanted > out->length - start) {',
    after: 'if (start > out->length) {',
    tests: ['io/native-arguments'],
  },
  {
    name: 'descriptors that are not owned can be received from',
    file: 'transfer.cc',
    before: `  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  return arguments.result(receive(`,
    after: '  return arguments.result(receive(',
    tests: ['io/native-descriptors'],
  },
  {
    name: 'sockets stay open in child processes',
    file: 'platform.cc',
    before: 'SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC',
    after: 'SOCK_STREAM | SOCK_NONBLOCK',
    tests: ['io/native-descriptors'],
  },
  {
    name: 'pipes stay open in child processes',
    file: 'platform.cc',
    before: 'pipe2(ends, O_CLOEXEC | O_NONBLOCK)',
    after: 'pipe2(ends, O_NONBLOCK)',
    tests: ['io/native-descriptors'],
  },
  {
    name: 'a connect that a signal interrupts is a failure',
    file: 'platform.cc',
    before: 'return result == UV_EINTR ? kInProgress : result;',
    after: 'return result;',
    tests: ['native-faults/native-faults'],
  },
  {
    name: 'SO_ERROR is not negated',
    file: 'platform.cc',
    before: 'return result < 0 ? result : named(error);',
    after: 'return result < 0 ? result : error;',
    tests: ['io/native'],
  },
  {
    name: 'poll() on one descriptor looks for input only',
    file: 'poll.cc',
    before: '{{fd, static_cast<short>(mask), 0}, {}}',
    after: '{{fd, POLLIN, 0}, {}}',
    tests: ['io/native-poll'],
  },
  {
    name: 'the pipe of the signals counts as a ready descriptor',
    file: 'poll.cc',
    before: 'const int ready = told ? result - 1 : result;',
    after: 'const int ready = result;',
    tests: ['schedule/signals', 'schedule/interrupted'],
  },
  {
    name: 'a wait that is interrupted starts again with all of its time',
    file: 'poll.cc',
    before: 'left = deadline - now();',
    after: 'left = deadline > 0 ? timeout : 0;',
    tests: ['io/native-poll'],
  },
  {
    name: 'a blocked wait does not see that its worker is stopped',
    file: 'poll.cc',
    before: '    if (environment.stopping()) return 0;\n',
    after: '',
    tests: ['io/native-environment'],
  },
  {
    name: 'an interrupted look at a poller is a failure',
    file: 'poller.cc',
    before: `static_cast<int>(events.size()), 0));
  if (count < 0) return count == UV_EINTR ? 0 : count;`,
    after: `static_cast<int>(events.size()), 0));
  if (count < 0) return count;`,
    tests: ['native-faults/native-faults'],
  },
  {
    name: 'the bell keeps the end that could be written to',
    file: 'poller.cc',
    before: '  closeDescriptor(ends[1]);\n',
    after: '',
    tests: ['io/native-descriptors'],
  },
  {
    name: 'interest stays after it was reported',
    file: 'watcher.cc',
    before: '  watcher->interest_ &= ~ready;\n',
    after: '',
    tests: ['io/native-watch'],
  },
  {
    name: 'a registration without a waiter is left as it is',
    file: 'watcher.cc',
    before: 'if (status == 0) watcher->arm(watcher->interest_);',
    after: '',
    tests: ['io/native-watch'],
  },
  {
    name: 'what was released keeps the loop alive',
    file: 'watcher.cc',
    before: '  holding_ &= ~directions;\n',
    after: '',
    tests: ['io/native-watch'],
  },
  {
    name: 'a descriptor is closed before its watcher',
    file: 'environment.cc',
    before: '  if (Watcher* live = watcher(fd)) live->close();\n',
    after: '',
    tests: ['io/native-watch'],
  },
  {
    name: 'the watcher of a foreign descriptor that was closed stays on the number',
    file: 'environment.cc',
    before: '  if (Watcher* stale = watcher(fd)) stale->close();\n',
    after: '',
    tests: ['io/native-foreign'],
  },
  {
    name: 'an alarm is set in seconds',
    file: 'alarm.cc',
    before: 'onTimer, milliseconds, 0)',
    after: 'onTimer, milliseconds * 1000, 0)',
    tests: ['io/native-alarm'],
  },
  {
    name: 'a lookup for which there is no thread leaves its pipe open',
    file: 'lookup.cc',
    before: '  closeDescriptor(ends[0]);\n  return queued;',
    after: '  return queued;',
    tests: ['native-faults/native-faults'],
  },
  {
    name: 'an abandoned lookup keeps its place',
    file: 'lookup.cc',
    before: '    lane.running--;\n    startThreadsLocked();',
    after: '    startThreadsLocked();',
    tests: ['io/native-lookup'],
    history: 'hanging lookups stalled others',
  },
  {
    name: 'a thread that is done begins no lookup that waits',
    file: 'lookup.cc',
    before: 'return next == lanes_.end() ? nullptr : takeLocked(next);',
    after: 'return next != lanes_.end() ? nullptr : nullptr;',
    tests: ['io/native-lookup'],
  },
  {
    name: 'the errno behind EAI_SYSTEM is lost',
    file: 'lookup.cc',
    before: 'if (answer.code == EAI_SYSTEM) answer',
    after: 'if (answer.code == 0) answer',
    tests: ['io/resolver'],
  },
  {
    name: 'a certificate may be for any name',
    file: 'tls-connection.cc',
    before: '  if (!expectPeer()) return false;\n',
    after: '',
    tests: ['io/tls-verification', 'io/tls-matrix'],
  },
  {
    name: 'a resumed session may be with another server',
    file: 'tls-verification.cc',
    before: '      verification = X509_V_ERR_HOSTNAME_MISMATCH;\n',
    after: '',
    tests: ['io/tls-sessions', 'io/tls-verification'],
  },
  {
    name: 'a stream without close_notify has ended well',
    file: 'tls-connection.cc',
    before: 'return lostBelow(lost_ != 0 ? lost_ : kTLSTruncated, lasting);',
    after: 'return lost_ != 0 ? lostBelow(lost_, lasting) : 0;',
    tests: ['io/tls-stream', 'io/tls'],
  },
  {
    name: 'a call that OpenSSL cannot explain has ended well',
    file: 'tls-connection.cc',
    before: '  if (lost_ == 0 && !ended_) return giveUp(takeFailure());\n',
    after: `  if (lost_ == 0 && !ended_) {
    Failure failure = takeFailure();
    return failure.reason.empty() ? 0 : giveUp(std::move(failure));
  }
`,
    tests: ['io/tls-silent'],
  },
  {
    name: 'OpenSSL wants what nothing below it wants, and the stream has ended well',
    file: 'tls-connection.cc',
    before: 'error == SSL_ERROR_WANT_WRITE) && blocked_ != 0) return blocked_;',
    after: 'error == SSL_ERROR_WANT_WRITE)) return blocked_;',
    tests: ['io/tls-silent'],
    history: 'a failure that fits nowhere was taken for a close_notify',
  },
  {
    name: 'a record that has not left counts as sent',
    file: 'tls-connection.cc',
    before: 'if (result == 0) return static_cast<int>(std::exchange(leaving_, 0));',
    after: 'if (result == 0 || wouldBlock(result)) return static_cast<int>(std::exchange(leaving_, 0));',
    tests: ['io/tls-stream', 'io/tls-fickle-socket'],
    history: 'a sender was told of records before they had left',
  },
  {
    name: 'a call of OpenSSL goes on for as long as records come',
    file: 'tls-bio.cc',
    before: 'return refusal_ != nullptr || work_ >= kTurn;',
    after: 'return refusal_ != nullptr;',
    tests: ['io/tls-flood', 'integration/tls-flood'],
    history: 'one call went on for as long as a server sent records without content',
  },
  {
    name: 'a session goes to any caller that asks for one',
    file: 'tls-sessions.cc',
    before: '    if (entry->key != key) continue;\n',
    after: '',
    tests: ['io/tls-sessions'],
  },
  {
    name: 'contexts are freed in turns of the event loop only',
    file: 'tls-handle.h',
    before: '    sweep(env, *holds);\n',
    after: '',
    tests: ['io/tls-handles'],
    history: 'a thread that makes blocking calls only kept all of its contexts',
  },
  {
    name: 'a context that is held hides those behind it, which are not',
    file: 'tls-handle.h',
    before: '      holds.splice(holds.end(), holds, holds.begin());\n',
    after: '',
    tests: ['io/tls-handles'],
  },
  {
    name: 'ENOMEM is believed of a malloc that has succeeded',
    file: 'heap.cc',
    before: 'const bool failed = !tookFromElsewhere();',
    after: 'const bool failed = tookFromElsewhere() || true;',
    tests: ['io/tls-heap-elsewhere'],
    history: 'a refused certificate was called out of memory',
  },
  {
    name: 'a failed allocation is seen in the queue of OpenSSL only',
    file: 'openssl.cc',
    before: '  failure.out_of_memory = allocationFailed();\n',
    after: '',
    tests: ['io/tls-scarce-memory'],
    history: 'certificates were blamed for a want of memory',
  },
];
