/** Where the page has its facts from: sections that are sent as they change, or those that a report holds. */
import { useEffect, useState } from 'preact/hooks';
import type { Model, RunDetails } from '../model.ts';

export type Connection = 'live' | 'lost' | 'ended' | 'report';

export interface Report {
  readonly model: Model;
  readonly runs: Readonly<Record<string, RunDetails>>;
}

/** What a report holds; undefined on a page that follows. */
export function told(): Report | undefined {
  const text = document.getElementById('told')?.textContent;
  return text ? (JSON.parse(text) as Report) : undefined;
}

/**
 * Follows the sections. A page that nobody sees gives its connection back, of which a browser has few, and goes on from where it was when it
 * is seen again.
 */
export function followed(): { readonly model: Model | undefined; readonly connection: Connection } {
  const [model, setModel] = useState<Model>();
  const [connection, setConnection] = useState<Connection>('live');
  useEffect(() => {
    let mark = '';
    let ended = false;
    let events: EventSource | undefined;
    const close = (): void => {
      events?.close();
      events = undefined;
    };
    const open = (): void => {
      if (events || ended || document.hidden) return;
      events = new EventSource(`events?after=${encodeURIComponent(mark)}`);
      events.onopen = () => setConnection('live');
      events.onerror = () => setConnection('lost');
      events.onmessage = ({ data, lastEventId }: MessageEvent<string>) => {
        mark = lastEventId;
        const changed = JSON.parse(data) as Partial<Model>;
        setModel((known) => ({ ...known, ...changed }) as Model);
      };
      events.addEventListener('end', () => {
        ended = true;
        close();
        setConnection('ended');
      });
    };
    const seen = (): void => (document.hidden ? close() : open());
    document.addEventListener('visibilitychange', seen);
    open();
    return () => {
      document.removeEventListener('visibilitychange', seen);
      close();
    };
  }, []);
  return { model, connection };
}

/** Asks for details again and again while they are shown, on a page that somebody sees. */
export function useDetails<T>(
  path: string,
  everyMs: number,
): { readonly found: T | undefined; readonly failed: string } {
  const [state, setState] = useState<{ found: T | undefined; failed: string }>({ found: undefined, failed: '' });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const ask = async (): Promise<void> => {
      if (document.hidden) {
        timer = setTimeout(ask, everyMs);
        return;
      }
      try {
        const response = await fetch(path);
        if (!response.ok) throw new Error(await response.text());
        const found = (await response.json()) as T;
        if (!over) setState({ found, failed: '' });
      } catch (error) {
        if (!over) setState(({ found }) => ({ found, failed: error instanceof Error ? error.message : String(error) }));
      }
      if (!over) timer = setTimeout(ask, everyMs);
    };
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [path, everyMs]);
  return state;
}
