/** The page of a pipeline while somebody watches: looks again every second, and serves what it finds. */
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import type { Home } from '../home.ts';
import { endpointsOf } from '../services/services.ts';
import { livePage } from './bundle.ts';
import { Feed } from './feed.ts';
import { Observer } from './observer.ts';
import { serve } from './server.ts';

const lookMs = 1_000;
/** Topics are asked less often when nothing runs: others may write them. */
const [topicsMs, idleTopicsMs] = [2_000, 10_000];

export interface Watch {
  readonly url: string;
  /** Shows what is there at the end, and ends. */
  close(): Promise<void>;
}

export async function watchPipeline(home: Home, pipeline: Pipeline): Promise<Watch> {
  const observer = new Observer({ home, pipeline, endpoints: () => endpointsOf(home) });
  const feed = new Feed();
  feed.publish(observer.look());
  const details: Readonly<Record<string, (name: string) => unknown>> = {
    records: (alias) => observer.records(alias),
    rows: (alias) => observer.rows(alias),
    runs: (id) => observer.details(id),
  };
  const page = await livePage(`${pipeline.name} - Millrace`);
  const served = await serve(page, feed, async (what, name) =>
    Object.hasOwn(details, what) ? details[what]?.(name) : undefined,
  );
  let asked = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const readTopics = (): void => {
    if (asking || performance.now() - asked < (observer.isLive ? topicsMs : idleTopicsMs)) return;
    asked = performance.now();
    // What cannot be read now is read the next time.
    asking = observer.readTopics().catch(() => undefined);
    void asking.then(() => {
      asking = undefined;
    });
  };
  const look = (): void => {
    readTopics();
    try {
      feed.publish(observer.look());
    } catch {
      // A home that is being purged, a file that is half written: the next look finds what is there then.
    }
  };
  const timer = setInterval(look, lookMs);
  look();
  return {
    url: served.url,
    close: async () => {
      clearInterval(timer);
      await asking;
      await observer.readTopics().catch(() => undefined);
      feed.publish(observer.look());
      observer.close();
      await served.close();
    },
  };
}
