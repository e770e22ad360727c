/** The certificate of the brokers' listeners with TLS, made once for each home by Java's own tool. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { withLock } from '../../tools/lock.mjs';
import type { Home } from '../home.ts';
import { loopback } from '../services/ports.ts';
import { serviceEnvironment } from '../services/process.ts';

/** Java's own word for key stores that hold nothing secret. */
const publicPassword = 'changeit';
export const days = 3650;

/** The files, whether they are there yet or not. */
export function kafkaCertificate({ iam }: Pick<Home, 'iam'>) {
  return filesIn(join(iam, 'kafka'));
}

const filesIn = (folder: string) => ({
  folder,
  /** With the private key; readable for nobody else, like the password. */
  keystore: join(folder, 'keystore.p12'),
  password: () => readFileSync(join(folder, 'password'), 'utf8'),
  /** For Node. */
  certificate: join(folder, 'certificate.pem'),
  /** For Java: this certificate beside all that Java trusts anyway. */
  truststore: join(folder, 'truststore'),
});

/** Options of a JVM that is to trust the broker. */
export function truststoreOptions(home: Pick<Home, 'iam'>): string[] {
  const { truststore } = kafkaCertificate(home);
  return [`-Djavax.net.ssl.trustStore=${truststore}`, `-Djavax.net.ssl.trustStorePassword=${publicPassword}`];
}

interface Place {
  readonly home: Home;
  /** Of the service. */
  readonly folder: string;
}

/**
 * Makes the certificate aside and moves it into place, so that an interruption leaves none of it. Does nothing where it is.
 *
 * @throws MillraceError SERVICE_NOT_PREPARED
 */
export async function makeKafkaCertificate(place: Place, javaHome: string, signal: AbortSignal): Promise<void> {
  const { folder } = kafkaCertificate(place.home);
  if (existsSync(folder)) return;
  // Brokers that are prepared at once share one.
  await withLock(`${folder}.lock`, { signal }, async () => {
    if (!existsSync(folder)) await make(place, javaHome, signal);
  });
}

async function make({ home, folder: serviceFolder }: Place, javaHome: string, signal: AbortSignal): Promise<void> {
  const { folder } = kafkaCertificate(home);
  const draft = filesIn(`${folder}.draft`);
  rmSync(draft.folder, { recursive: true, force: true });
  mkdirSync(draft.folder, { recursive: true, mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(join(draft.folder, 'password'), password, { mode: 0o600 });
  const trusted = join(javaHome, 'lib', 'security', 'cacerts');
  if (existsSync(trusted)) copyFileSync(trusted, draft.truststore);
  const program = join(javaHome, 'bin', 'keytool');
  const keytool = async (...words: string[]) => {
    const options = { signal, env: { ...serviceEnvironment(serviceFolder), KEYSTORE_PASSWORD: password } };
    await promisify(execFile)(program, ['-J-XX:TieredStopAtLevel=1', ...words, '-alias', 'kafka'], options);
  };
  const own = ['-keystore', draft.keystore, '-storetype', 'PKCS12', '-storepass:env', 'KEYSTORE_PASSWORD'];
  const names = `san=ip:${loopback},dns:localhost`;
  const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-dname', 'CN=localhost', '-ext', names];
  const other = ['-keystore', draft.truststore, '-storepass', publicPassword];
  try {
    await keytool('-genkeypair', ...own, ...key, '-validity', String(days));
    await keytool('-exportcert', ...own, '-rfc', '-file', draft.certificate);
    await keytool('-importcert', '-noprompt', '-file', draft.certificate, ...other);
  } catch (error) {
    signal.throwIfAborted();
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    const said = `${stdout ?? ''}${stderr ?? ''}`.trim() || messageOf(error);
    throw new MillraceError(
      'SERVICE_NOT_PREPARED',
      `The certificate of the Kafka broker could not be made with ${program}. See what it said below, and whether that Java is whole.`,
      { details: said.split('\n').slice(-10), cause: error },
    );
  }
  chmodSync(draft.keystore, 0o600);
  renameSync(draft.folder, folder);
}
