/** Server-sent events of a response: wherever its pieces are cut, also through a letter. */

export interface ServerSentEvent {
  /** Empty for a comment, which only says that somebody is there. */
  readonly event: string;
  readonly data: string;
}

/** What is longer has no end, and is no event. */
const LONGEST = 4 * 2 ** 20;

/** @throws Error where what comes is no such thing */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncIterable<ServerSentEvent> {
  const decoder = new TextDecoder();
  let [rest, event, data] = ['', 'message', [] as string[]];
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST) throw new Error(`a line of more than ${LONGEST} characters is no server-sent event`);
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event, data: data.join('\n') };
        [event, data] = ['message', []];
      } else if (line.startsWith(':')) yield { event: '', data: '' };
      else {
        const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
        if (field === 'event') event = value;
        else if (field === 'data') data.push(value);
      }
    }
  }
}
