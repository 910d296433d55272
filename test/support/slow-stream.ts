/** A stream whose second part arrives when `release` is called. */
export function slowStream(): { stream: ReadableStream<Uint8Array>; release: () => void; cancelled: () => unknown } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(Buffer.from('one '));
      await released;
      if (cancelled !== undefined) return;
      controller.enqueue(Buffer.from('two'));
      controller.close();
    },
    cancel(reason) {
      cancelled = reason ?? 'cancelled';
    },
  });
  return { stream, release, cancelled: () => cancelled };
}
