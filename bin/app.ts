/** Synthesizes every environment with every pipeline. */
import { environments } from '../config/environments.ts';
import { createApp } from '../lib/app.ts';
import { loadPipelines } from '../lib/declaration/load.ts';

createApp(environments, await loadPipelines()).synth();
