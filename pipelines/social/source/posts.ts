/** What is heard of each network; see `listening.ts`. */
import type { Channels } from '../../../lib/declaration/listening.ts';
import { bluesky } from './bluesky.ts';
import { mastodon } from './mastodon.ts';

export default { bluesky, mastodon } satisfies Channels;
