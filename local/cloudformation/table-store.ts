/** DynamoDB in files, one per table: items in its JSON (`{"S": "text"}`), conditional writes across processes. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { canonical, isObject } from '../../lib/declaration/json.ts';
import { readJson, writeJson } from '../../tools/files.mjs';
import { withLock } from '../../tools/lock.mjs';
import type { Home } from '../home.ts';
import { type Condition, holds } from './condition-expression.ts';

/** Attribute values in DynamoDB's JSON. */
type Item = Record<string, unknown>;

/** An error that carries DynamoDB's name for it. */
class TableError extends Error {
  /** The item as it is, when the condition of a write did not hold. */
  readonly item: Item | undefined;

  constructor(name: string, message: string, item?: Item) {
    super(message);
    this.name = name;
    this.item = item;
  }
}

interface TableFile {
  readonly keys: readonly string[];
  /** By the canonical JSON of the key's values. */
  readonly items: Record<string, Item>;
}

/** The longest that a write waits for writers before it; each takes milliseconds. */
const waitMs = 20_000;

export class TableStore {
  readonly name: string;
  private readonly file: string;

  constructor(home: Home, name: string) {
    this.name = name;
    this.file = join(home.tables, `${encodeURIComponent(name)}.json`);
  }

  exists(): boolean {
    return existsSync(this.file);
  }

  /** Makes the table; one that exists with the same key attributes is left as it is, with its items. */
  create(keys: readonly string[]): void {
    if (this.exists()) {
      const existing = this.read().keys;
      if (canonical(existing) === canonical(keys)) return;
      throw new TableError(
        'ResourceInUseException',
        `The table ${this.name} exists with the key ${existing.join(', ')}, not ${keys.join(', ')}. A table's key cannot be changed: give the new table another name.`,
      );
    }
    writeJson(this.file, { keys, items: {} } satisfies TableFile);
  }

  delete(): void {
    rmSync(this.file, { force: true });
  }

  /** The value of the partition key in an item or a key, as a text. */
  partitionKey(item: Item): string {
    const value = item[this.read().keys[0] ?? ''];
    return String(Object.values(Object(value))[0]);
  }

  async getItem(key: Item): Promise<Item | undefined> {
    const table = this.read();
    return table.items[this.keyOf(table, key)];
  }

  async putItem(item: Item, condition: Condition = {}): Promise<void> {
    await this.change(item, condition, item);
  }

  /** Deletes an item; one that does not exist counts as deleted, unless the condition says otherwise. */
  async deleteItem(key: Item, condition: Condition = {}): Promise<void> {
    await this.change(key, condition, undefined);
  }

  private async change(key: Item, condition: Condition, item: Item | undefined): Promise<void> {
    await withLock(`${this.file}.lock`, { waitMs }, async () => {
      const table = this.read();
      const id = this.keyOf(table, key);
      const current = table.items[id];
      if (!holds(condition, current)) {
        throw new TableError('ConditionalCheckFailedException', 'The conditional request failed', current);
      }
      if (item) table.items[id] = item;
      else delete table.items[id];
      writeJson(this.file, table);
    });
  }

  private keyOf(table: TableFile, item: Item): string {
    const missing = table.keys.filter((name) => item[name] === undefined).join(', ');
    if (missing === '') return canonical(table.keys.map((name) => item[name]));
    throw new TableError('ValidationException', `The key attribute ${missing} of the table ${this.name} is missing.`);
  }

  private read(): TableFile {
    const remedy = 'Remove it and run "npx millrace up" when no pipeline runs.';
    const isWhole = ({ keys, items }: TableFile) => Array.isArray(keys) && isObject(items);
    const table = readJson(this.file, remedy, isWhole) as TableFile | undefined;
    if (!table) throw new TableError('ResourceNotFoundException', `The table ${this.name} does not exist.`);
    return table;
  }
}
