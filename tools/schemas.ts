/** Writes the JSON Schema of a job's spec beside the Python that reads it. */
import { writeFileSync } from 'node:fs';
import { jsonSchemaOfSpec, SCHEMA_FILE } from '../lib/declaration/spec.ts';

writeFileSync(SCHEMA_FILE, `${JSON.stringify(jsonSchemaOfSpec(), null, 2)}\n`);
