/** Reads the properties of a `Custom::Tables` resource: the database of a pipeline, its migrations, its tables and who uses them. */
import { isObject } from '../../lib/declaration/json.ts';
import { shown } from '../custom-resource/lifecycle.ts';
import { oneOf, type Rule, refuse, textsOf, twice } from '../custom-resource/properties.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Who owns what is in it. */
  readonly user: string;
}

export interface DeclaredMigration {
  readonly name: string;
  readonly sql: string;
}

export interface DeclaredTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** Whether who writes it may delete rows. */
  readonly deletes: boolean;
}

/** A role with the names of the tables that it reads and writes. */
export interface DeclaredRole {
  readonly name: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** Tables whose changes a connector follows. */
export interface DeclaredPublication {
  readonly name: string;
  readonly tables: readonly string[];
}

export interface Declared {
  readonly place: Place;
  /** Its name is that of the schema too. */
  readonly pipeline: string;
  readonly migrations: readonly DeclaredMigration[];
  readonly tables: readonly DeclaredTable[];
  readonly roles: readonly DeclaredRole[];
  /** Role of people, who read all tables of the schema. */
  readonly people: string;
  /** Role of connectors, which follow the changes of publications; none where nobody does. */
  readonly replication: string | undefined;
  readonly publications: readonly DeclaredPublication[];
}

const identifier: Rule = (value) =>
  /^[a-z][a-z0-9_]{0,62}$/.test(value) ? undefined : 'allowed are a-z, 0-9 and _, first a letter, 63 at most';
const truth = oneOf('true', 'false');
const port: Rule = (value) => (/^\d{1,5}$/.test(value) ? undefined : 'the number of a port is needed');

/** Reads and checks the properties. @throws Mistakes with all of them */
export function readDeclared(properties: Readonly<Record<string, unknown>>): Declared {
  const mistakes: string[] = [];
  const text = textsOf(properties, mistakes);
  const place = {
    host: text('Host'),
    port: Number(text('Port', port)),
    database: text('Database', identifier),
    user: text('User', identifier),
  };
  const objects = (name: string) => {
    const list = properties[name];
    if (!Array.isArray(list)) mistakes.push(`${name}: ${shown(list)} was given, a list is needed`);
    return (Array.isArray(list) ? list : []).map((item, index) => {
      const given = isObject(item) ? item : {};
      const at = `${name}.${index}`;
      const names = (part: string): string[] => {
        const found = given[part];
        if (Array.isArray(found) && found.every((one) => typeof one === 'string' && !identifier(one))) return found;
        mistakes.push(`${at}: ${part} is ${shown(found)}, a list of names is needed`);
        return [];
      };
      return { of: textsOf(given, mistakes, at), names };
    });
  };
  const declared = {
    place,
    pipeline: text('Pipeline', identifier),
    migrations: objects('Migrations').map(({ of }) => ({ name: of('Name'), sql: of('Sql') })),
    tables: objects('Tables').map(({ of, names }) => ({
      name: of('Name', identifier),
      columns: names('Columns'),
      key: names('Key'),
      deletes: of('Deletes', truth, 'false') === 'true',
    })),
    roles: objects('Roles').map(({ of, names }) => ({
      name: of('Name', identifier),
      reads: names('Reads'),
      writes: names('Writes'),
    })),
    people: text('People', identifier),
    replication: properties.Replication === undefined ? undefined : text('Replication', identifier),
    publications: (properties.Publications === undefined ? [] : objects('Publications')).map(({ of, names }) => ({
      name: of('Name', identifier),
      tables: names('Tables'),
    })),
  };
  for (const [what, list] of Object.entries({ migration: declared.migrations, role: declared.roles })) {
    for (const name of twice(list.map((one) => one.name))) mistakes.push(`${what} ${name} is declared twice`);
  }
  refuse('tables', mistakes);
  return declared;
}
