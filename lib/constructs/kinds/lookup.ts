/** Lookups: topics, which the kind `topic` creates, read as what each key says now. */
import type { Construct } from 'constructs';
import type { Kind, KindProps } from './index.ts';
import { consumption } from './topic.ts';

export default function lookups(_scope: Construct, props: KindProps): Kind {
  return { grantRead: consumption(props) };
}
