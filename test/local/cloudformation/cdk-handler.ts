/** A handler of a custom resource, bundled by the CDK in `cdk-assembly.test.ts`: gives back what it was sent. */

interface Event {
  readonly RequestType: string;
  readonly ServiceToken: string;
  readonly ResourceProperties: { readonly ServiceToken?: string };
  readonly OldResourceProperties?: { readonly Topics: readonly [{ readonly Configuration: Record<string, string> }] };
}

/** Called for each change. */
export async function onEvent(event: Event): Promise<unknown> {
  const { ServiceToken: _token, ...properties } = event.ResourceProperties;
  const old = event.OldResourceProperties?.Topics[0].Configuration['retention.ms'];
  // Encoded, because the CDK puts the text into another JSON text as it is.
  const seen = encodeURIComponent(JSON.stringify({ type: event.RequestType, properties, old }));
  return { PhysicalResourceId: 'topics', Data: { Seen: seen } };
}

/** Asked afterwards. */
export async function isComplete(event: { readonly PhysicalResourceId?: string }): Promise<unknown> {
  return { IsComplete: event.PhysicalResourceId === 'topics' };
}
