/**
 * Deletes every version of every object of a bucket: calls of S3 come in as ports, the number of deleted versions goes
 * out. Called by the handler beside it.
 */

/** A version of an object, or a marker of its deletion. */
export interface ObjectVersion {
  readonly Key: string;
  readonly VersionId?: string;
}

/** What the work needs of S3. */
export interface BucketPorts {
  /** The first page of what is left, 1,000 at most; undefined when there is no such bucket. */
  firstVersions(bucket: string): Promise<readonly ObjectVersion[] | undefined>;
  /** Deletes them, and gives what S3 said of those that it did not delete. */
  deleteVersions(bucket: string, versions: readonly ObjectVersion[]): Promise<readonly string[]>;
}

/**
 * Empties a bucket.
 *
 * @throws Error when S3 refuses to delete something, which another try would not change
 */
export async function emptyBucket(bucket: string, ports: BucketPorts): Promise<number> {
  let deleted = 0;
  for (;;) {
    const versions = await ports.firstVersions(bucket);
    if (!versions?.length) return deleted;
    const refused = await ports.deleteVersions(bucket, versions);
    if (refused.length > 0) {
      throw new Error(
        `Bucket ${bucket} cannot be emptied: ${refused.length} of ${versions.length} objects were not deleted. First answer: ${refused[0]}`,
      );
    }
    deleted += versions.length;
  }
}
