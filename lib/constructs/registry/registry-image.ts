/** The registry's image, copied into the account: ECR fetches it from the public registry once and keeps it, whoever asks. */

import { RemovalPolicy } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';

/** The release that the local run starts too; `jgo.toml` names the same. */
const REGISTRY_VERSION = '3.3.3';

/** The project's own copy beside Docker Hub's, from which ECR fetches without an account there. */
const UPSTREAM = { host: 'quay.io', name: 'apicurio/apicurio-registry' };

export interface RegistryImageProps {
  /** First part of the repository's name; no other rule of the account may have it. */
  readonly prefix: string;
  /**
   * Digest of the image, `sha256:` and 64 hexadecimal digits.
   * @default the release's tag as it was when ECR first fetched it: tags of the repository never move
   */
  readonly digest?: string;
}

/** A repository that fills itself, and the image in it. */
export class RegistryImage extends Construct {
  readonly image: ecs.ContainerImage;
  private readonly repository: ecr.Repository;

  constructor(scope: Construct, id: string, { prefix, digest }: RegistryImageProps) {
    super(scope, id);
    const rule = new ecr.CfnPullThroughCacheRule(this, 'Rule', {
      ecrRepositoryPrefix: prefix,
      upstreamRegistryUrl: UPSTREAM.host,
    });
    // ECR would make a repository at the first pull that no stack deletes, with tags that follow those of the public registry.
    this.repository = new ecr.Repository(this, 'Repository', {
      repositoryName: `${prefix}/${UPSTREAM.name}`,
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      // A copy of what is public.
      removalPolicy: RemovalPolicy.DESTROY,
      emptyOnDelete: true,
    });
    this.repository.node.addDependency(rule);
    this.image = ecs.ContainerImage.fromEcrRepository(this.repository, digest ?? REGISTRY_VERSION);
  }

  /** Allows the role that starts tasks to have ECR fetch what it does not have yet; pulling it is granted by the task. */
  grantFetch(execution: iam.Role): void {
    allow(execution, ['ecr:BatchImportUpstreamImage'], [this.repository.repositoryArn]);
    acknowledge(execution, { 'AwsSolutions-IAM5[Resource::*]': 'The token for a login to ECR knows no resources.' });
  }
}
