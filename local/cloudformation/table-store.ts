/**
 * The local DynamoDB: takes items in DynamoDB's own JSON (`{"S": "text"}`) and keeps each table in one file, with writes that hold under a
 * condition even when several processes write. Used by the lock of the state machine, on both sides: tasks and the clean-up handler.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.ts';
import { withLock } from '../services/lock.ts';
import { type Condition, holds } from './condition-expression.ts';
import { readJsonFile, writeFileAtomically } from './files.ts';
import { canonical } from './json.ts';

export type { Condition } from './condition-expression.ts';

/** One item: attribute values in DynamoDB's JSON. */
export type Item = Record<string, unknown>;

/** An error that carries DynamoDB's name for it. */
export class TableError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** The condition of a write did not hold; nothing was written. */
export class ConditionalCheckFailedError extends TableError {
  /** The item as it is. */
  readonly item: Item | undefined;

  constructor(item: Item | undefined) {
    super('ConditionalCheckFailedException', 'The conditional request failed');
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

/** One table. */
export class TableStore {
  readonly name: string;
  readonly #file: string;

  constructor(home: Home, name: string) {
    this.name = name;
    this.#file = join(home.tables, `${encodeURIComponent(name)}.json`);
  }

  exists(): boolean {
    return existsSync(this.#file);
  }

  /** Makes the table; one that exists with the same key attributes is left as it is, with its items. */
  create(keys: readonly string[]): void {
    if (this.exists()) {
      const existing = this.#read().keys;
      if (canonical(existing) === canonical(keys)) return;
      throw new TableError(
        'ResourceInUseException',
        `The table ${this.name} exists with the key ${existing.join(', ')}, not ${keys.join(', ')}. A table's key cannot be changed: give the new table another name.`,
      );
    }
    this.#write({ keys, items: {} });
  }

  delete(): void {
    rmSync(this.#file, { force: true });
  }

  async getItem(key: Item): Promise<Item | undefined> {
    const table = this.#read();
    return table.items[this.#keyOf(table, key)];
  }

  async putItem(item: Item, condition: Condition = {}): Promise<void> {
    await this.#change(item, condition, (items, id) => {
      items[id] = item;
    });
  }

  /** Deletes an item; one that does not exist counts as deleted, unless the condition says otherwise. */
  async deleteItem(key: Item, condition: Condition = {}): Promise<void> {
    await this.#change(key, condition, (items, id) => {
      delete items[id];
    });
  }

  async #change(
    key: Item,
    condition: Condition,
    change: (items: Record<string, Item>, id: string) => void,
  ): Promise<void> {
    await withLock(`${this.#file}.lock`, { waitMs }, async () => {
      const table = this.#read();
      const id = this.#keyOf(table, key);
      const current = table.items[id];
      if (!holds(condition, current)) throw new ConditionalCheckFailedError(current);
      change(table.items, id);
      this.#write(table);
    });
  }

  #keyOf(table: TableFile, item: Item): string {
    const missing = table.keys.filter((name) => item[name] === undefined);
    if (missing.length > 0) {
      throw new TableError(
        'ValidationException',
        `The key attribute ${missing.join(', ')} of the table ${this.name} is missing.`,
      );
    }
    return canonical(table.keys.map((name) => item[name]));
  }

  #read(): TableFile {
    const table = readJsonFile(this.#file) as TableFile | undefined;
    if (!table) throw new TableError('ResourceNotFoundException', `The table ${this.name} does not exist.`);
    return table;
  }

  #write(table: TableFile): void {
    writeFileAtomically(this.#file, `${JSON.stringify(table, null, 1)}\n`);
  }
}
