/** The sections of a page and when each changed last, so that whoever comes back gets what it has missed, and nothing else. */
import { randomBytes } from 'node:crypto';
import type { Model } from './model.ts';

export class Feed {
  /** Tells the versions of this feed from those of one before. */
  private readonly name = randomBytes(4).toString('hex');
  private readonly sections = new Map<string, { readonly text: string; readonly version: number }>();
  private readonly listeners = new Set<() => void>();
  private version = 0;

  /** Takes over sections, of which those that differ count as changed. */
  publish(sections: Partial<Model>): void {
    const changed = Object.entries(sections)
      .map(([section, value]) => [section, JSON.stringify(value)] as const)
      .filter(([section, text]) => this.sections.get(section)?.text !== text);
    if (changed.length === 0) return;
    this.version += 1;
    for (const [section, text] of changed) this.sections.set(section, { text, version: this.version });
    for (const listener of this.listeners) listener();
  }

  /** The name of this moment. */
  get mark(): string {
    return `${this.name}-${this.version}`;
  }

  /** What changed after a moment, as JSON; all sections after one that this feed does not know. Undefined where nothing did. */
  since(mark: string): string | undefined {
    const [name, version] = mark.split('-');
    const after = name === this.name && /^\d+$/.test(version ?? '') ? Number(version) : -1;
    const changed = [...this.sections].filter(([, section]) => section.version > after);
    if (changed.length === 0) return undefined;
    return `{${changed.map(([section, { text }]) => `${JSON.stringify(section)}:${text}`).join(',')}}`;
  }

  /** Calls whenever something changed; gives what ends that. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
