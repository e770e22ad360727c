/** Mutants of what protects from faults of the machine, with the quick cases of faults that notice them. */
import { type Mutant, mutantsOf } from './mutant.ts';

export const faults: readonly Mutant[] = [
  ...mutantsOf(
    'local/services/services.ts',
    ['test/local/services/services.integration.test.ts'],
    [
      'await Promise.all(stopped.map(({ name }) => endUnrecorded(serviceFiles(home, name).folder)));',
      '',
      'a broker that nobody wrote down keeps the next one from its data',
    ],
    ['if (left === 1 || !hasErrorCode(error, PORT_LOST)) throw error;', 'throw error;', 'a port that is lost ends up'],
    [
      'if (chosen.length === definitions.length) await endUnrecorded(home.root);',
      '',
      'a purge leaves a broker that nobody wrote down',
    ],
  ),
  ...mutantsOf(
    'local/emr/job-runs.ts',
    ['test/local/emr/job-runs.test.ts'],
    [
      'run.process ? [] : startedIn(this.records.runFolder(id))',
      '[] as { pid: number; startTime: string }[]',
      'a job runs on that its killed command had not written down',
    ],
  ),
  ...mutantsOf(
    'local/cli/run.ts',
    ['test/local/cli/exit-code.test.ts'],
    ['AbortSignal.any([signal, lost.signal])', 'signal', 'a run without a broker goes on for minutes'],
  ),
  ...mutantsOf(
    'local/cli/main.ts',
    ['test/local/home.test.ts'],
    ['saysDiskFull(thrown)', 'false', 'a full disk is told without its name'],
  ),
  ...mutantsOf(
    'tools/files.mjs',
    ['test/tools/files.test.ts'],
    ['!saysDiskFull(error)', 'true', 'a full disk is told without its name'],
  ),
  ...mutantsOf(
    'lib/constructs/workflow/runs.ts',
    ['test/aws/state-faults.test.ts'],
    [
      "const failing = isPresent('$.error.Error');",
      "const failing = isPresent('$.error.Never');",
      'a failed execution leaves its streams running',
    ],
  ),
  ...mutantsOf(
    'lambda/clean-up/core.ts',
    ['test/aws/state-faults.test.ts'],
    [
      "if (run.state !== 'CANCELLING') await ports.cancel(run);",
      '',
      'an execution that is aborted leaves its jobs running',
    ],
  ),
  ...mutantsOf(
    'lambda/kafka-topics/steps.ts',
    ['test/lambda/custom-resource/faults.integration.test.ts'],
    [
      'create: declared.filter(({ name }) => !existing.has(name)),',
      'create: existing.size > 0 ? [] : declared,',
      'what a killed function had not made stays unmade',
    ],
  ),
  ...mutantsOf(
    'lambda/registry-artifacts/artifacts.ts',
    ['test/lambda/custom-resource/faults.integration.test.ts'],
    [
      'const kept = artifact.immutable && !isNew ?',
      'const kept = !isNew ?',
      'a schema whose first version a killed function had not made is taken for made',
    ],
  ),
  ...mutantsOf(
    'config/environment.ts',
    ['test/properties/inputs.test.ts'],
    [
      'shape.length > 0 ? shape : contradictions(environment, pipelines)',
      '[...shape, ...contradictions(environment, pipelines)]',
      'a mistake in an environment ends in a stack trace',
    ],
  ),
  ...mutantsOf(
    'jobs/pyspark/millrace/job/spec.py',
    ['jobs/pyspark/millrace/tests/test_properties.py::test_a_spec_is_read_or_refused'],
    ['not isinstance(kind, str) or ', '', 'a kind that is no text ends a job in a stack trace'],
  ),
  ...mutantsOf(
    'jobs/pyspark/millrace/formats/small_table.py',
    ['jobs/pyspark/millrace/tests/test_properties.py::test_a_small_table_is_read_or_refused'],
    ['except csv.Error as error:', 'except MemoryError as error:', 'a long field ends a job in a stack trace'],
  ),
];
