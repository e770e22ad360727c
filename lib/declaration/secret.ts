/** Values that are never written down, by their names. */

/** A value that is never written down: what AWS Secrets Manager holds under a name, or a file of this machine. */
export class Secret {
  readonly name: string;
  readonly key: string;

  constructor(name: string, key: string) {
    this.name = name;
    this.key = key;
  }

  /** Name of the file that holds it beside a worker, and where a person keeps it on one machine. */
  get file(): string {
    return `${this.name.replaceAll('/', '.')}.${this.key}`;
  }

  /** How a mistake shows it. */
  toJSON(): string {
    return `secret ${this.name}, ${this.key}`;
  }
}

/** A secret by its name in AWS Secrets Manager, and the key of the text in it. */
export const secret = (name: string, key: string): Secret => new Secret(name, key);

/** Whether its name and its key are such as Secrets Manager and a file system take. */
export const isSecret = ({ name, key }: Secret): boolean =>
  /^[\w/+=.@-]{1,512}$/.test(String(name)) && /^[\w.-]{1,128}$/.test(String(key));
