import { Failure } from '@kneepoint/failures';
import { CredentialProvider } from 'minio/dist/esm/CredentialProvider.mjs';

/** What signs requests to a store; with a token where the keys are lent. */
export interface StoreKeys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
}

/** The keys as they are now: lent ones are others every hour. */
export type KeySource = () => Promise<StoreKeys>;

export function fixedKeys(keys: StoreKeys): KeySource {
  return () => Promise.resolve(keys);
}

/**
 * Keys that AWS lends to whoever this process proves to be: a service account with a role (IRSA), EKS Pod Identity, a machine's or task's
 * role, as the AWS SDK looks for them. Renewed before they end.
 */
export function awsKeys(): KeySource {
  let lent: ReturnType<typeof lender> | undefined;
  return async () => {
    try {
      const { accessKeyId, secretAccessKey, sessionToken } = await (await (lent ??= lender()))();
      return {
        ...{ accessKey: accessKeyId, secretKey: secretAccessKey },
        ...(sessionToken === undefined ? {} : { sessionToken }),
      };
    } catch (error) {
      throw new Failure('STORE_MISCONFIGURED', `AWS lends this process no keys: ${(error as Error).message}`, {
        where: 'ARTIFACTS_URL',
        fix: 'give the service account a role that may use the bucket, or leave identity=aws out of ARTIFACTS_URL and give keys',
        cause: error,
      });
    }
  };
}

/** Loaded only by those who have no keys: it is a dozen packages. */
async function lender() {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  return defaultProvider();
}

/** A source as MinIO's client asks it, before each request. */
export class CurrentKeys extends CredentialProvider {
  readonly #source: KeySource;

  constructor(source: KeySource) {
    super({ accessKey: '', secretKey: '' });
    this.#source = source;
  }

  override async getCredentials() {
    const { accessKey, secretKey, sessionToken = '' } = await this.#source();
    this.setAccessKey(accessKey);
    this.setSecretKey(secretKey);
    this.setSessionToken(sessionToken);
    return super.getCredentials();
  }
}
