// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of code
/** Mutants of jobs. */
import { type Mutant, mutantsOf } from './mutant.ts';

const jobs = 'jobs/pyspark/millrace';
const tests = (...names: string[]) => names.map((name) => `${jobs}/tests/test_${name}.py`);
const query = (name: string) => [`${jobs}/tests/test_query.py::test_${name}`];

const formats: readonly Mutant[] = [
  ...mutantsOf(
    `${jobs}/formats/framing.py`,
    tests('framing'),
    [
      'faults, raw[END_FIELD] != END',
      'faults, F.lit(False)',
      'bytes behind a body are ignored, or 64 bits of a number',
    ],
    ['schema_id.to_bytes(4, "big")', 'schema_id.to_bytes(4, "little")', 'no other client reads what is written'],
    ['[present & ~F.is_valid_utf8(value)]', '[]', 'texts that are none are summed'],
    ['return "long" if part == "int" else part', 'return part', 'an int of 33 bits loses one'],
    [
      'if is_int or _is_decimal(branch)',
      'if _is_decimal(branch)',
      'a number that is no int is null, and nobody is told',
    ],
    [
      '[present & value.try_cast("int" if is_int else _decimal_type(branch)).isNull()]',
      '[]',
      'numbers that are too long are summed',
    ],
    [
      'F.substring(framed, 1, 1) != F.lit(b"\\x00")',
      'F.lit(False)',
      'what is not framed is taken for a schema that is missing',
    ],
    ['F.coalesce(reduce(or_, _faults(one, kind)), F.lit(True))', 'F.lit(False)', 'bad values in a list are summed'],
  ),
  ...mutantsOf(`${jobs}/formats/delimited.py`, tests('delimited'), [
    'F.col(END).eqNullSafe(MARK)',
    'F.lit(True)',
    'a line that was cut within a quote is sent as a whole one',
  ]),
  ...mutantsOf(`${jobs}/formats/small_table.py`, tests('small_table'), [
    'if last != [LAST_LINE]:',
    'if False:',
    'the rest of a file is the region of a country',
  ]),
  ...mutantsOf(`${jobs}/formats/moments.py`, tests('json_records'), [
    '([Zz]|[+-]\\d{2}:\\d{2})\\z"',
    '([Zz]|[+-]\\d{2}:\\d{2})$"',
    'a time with a line break is taken',
  ]),
  ...mutantsOf(
    `${jobs}/formats/json_records.py`,
    tests('json_records'),
    ['F.is_valid_utf8(text) & is_whole', 'F.is_valid_utf8(text)', 'half a character becomes a question mark'],
    [
      'rules.append(typed > F.lit(field.maximum))',
      'rules.append(typed >= F.lit(field.maximum))',
      'the largest value that is allowed is refused',
    ],
    ['if self.schema.closed:', 'if False:', 'fields that must not be there are taken'],
    ['"bigint") == _end_of(text)', '"bigint").isNotNull()', 'text behind an object is ignored'],
    ['F.is_valid_utf8(text) & is_whole', 'is_whole', 'texts that are none are summed'],
  ),
  ...mutantsOf(
    `${jobs}/formats/decimals.py`,
    tests('json_records'),
    ['(?:[eE]([+-]?0*\\d{1,3}))?\\z"', '(?:[eE]([+-]?0*\\d{1,3}))?$"', 'a number with a line break is taken'],
    ['_decimals_needed(text) <= digits', '_decimals_needed(text) <= digits + 1', 'money is rounded'],
  ),
  ...mutantsOf(
    `${jobs}/formats/checks.py`,
    tests('dead_letters', 'topic'),
    [
      'others = [(F.coalesce(condition, F.lit(True))',
      'others = [(F.coalesce(condition, F.lit(False))',
      'what cannot be judged counts as good',
    ],
    [
      'F.when(F.coalesce(holds, F.lit(True)), F.raise_error(told))',
      'F.when(F.coalesce(holds, F.lit(False)), F.raise_error(told))',
      'results are written that nobody can read',
    ],
  ),
];

const kafka: readonly Mutant[] = [
  ...mutantsOf(
    `${jobs}/kafka/connection.py`,
    tests('kafka', 'limits'),
    ['LARGEST_BATCH = 5_000_000', 'LARGEST_BATCH = 500', 'a stream never catches up'],
    ['"failOnDataLoss": "true"', '"failOnDataLoss": "false"', 'records that are gone are not missed'],
    ['"read_committed"', '"read_uncommitted"', 'what a failed transaction left is summed'],
    ['"startingOffsets": "earliest"', '"startingOffsets": "latest"', 'what was sent before the stream is lost'],
    ['LARGEST_REQUEST = 9 * 2**20', 'LARGEST_REQUEST = 1 * 2**20', 'one large bad record stops the stream for ever'],
    [
      'LONGEST_DELIVERY_MS = 24 * 3_600_000',
      'LONGEST_DELIVERY_MS = 120_000',
      'a clock that is set forth sends rows twice',
    ],
    ['"kafka.reconnect.backoff.ms": "1000"', '"kafka.reconnect.backoff.ms": "10"', 'MSK refuses connections of all'],
  ),
  ...mutantsOf(
    `${jobs}/kafka/dead_letters.py`,
    tests('dead_letters'),
    [
      '_header(FIRST_TIMESTAMP, F.unix_millis("first_timestamp"))',
      '_header(FIRST_TIMESTAMP, F.unix_millis("timestamp"))',
      'a letter that is replayed twice is late',
    ],
    ['moment_ms.between(0, F.unix_millis(timestamp))', 'moment_ms.isNotNull()', 'a record may come from the future'],
    ['& (header["key"] != FIRST_TIMESTAMP)', '', 'a replayed letter has two first timestamps'],
    ['room = max(largest - OWN_BYTES, 0)', 'room = largest', 'a large dead letter stops the stream for ever'],
  ),
  ...mutantsOf(
    `${jobs}/kinds/topic.py`,
    tests('topic'),
    ['F.struct("batch", "offset")', 'F.struct("offset")', 'the end of an old batch replaces a newer result'],
    ['.where(F.col("value").isNotNull())\n\n\ndef columns', '\n\n\ndef columns', 'what was deleted is shown'],
    [' | (F.col("of_others.offset") > F.col("of_streams.offset"))', '', 'what was put right by hand is wrong again'],
  ),
];

const streaming: readonly Mutant[] = [
  ...mutantsOf(
    `${jobs}/streaming/event_time.py`,
    tests('event_time', 'judging'),
    ['MINUTE_MS = 60_000', 'MINUTE_MS = 6_000', 'events of two minutes ago are late'],
    ['event_ms < first_ms - lateness_ms', 'event_ms <= first_ms - lateness_ms', 'the last event in time is late'],
    ['| (event_ms < own_ms - lateness_ms - replay_ms)', '', 'a replay of last year is dropped without a word'],
    [
      'event_ms > first_ms + rules.future_minutes',
      'event_ms > own_ms + rules.future_minutes',
      'a replay may come from the future',
    ],
  ),
  ...mutantsOf(`${jobs}/streaming/event_time.py`, tests('windows'), [
    'f"{windows.every} minutes"',
    'f"{windows.minutes} minutes"',
    'windows do not overlap, and half of the sums is missing',
  ]),
  ...mutantsOf(
    `${jobs}/streaming/source.py`,
    tests('source', 'judging'),
    [
      'F.when(F.col("topic") == replays, ',
      'F.when(F.col("topic").isNotNull(), ',
      'whoever writes the source may date its records',
    ],
    ['F.col("first_timestamp"), own, rules)', 'own, own, rules)', 'every replayed dead letter is late again'],
    [
      '{*recorded.schemas, *self.schemas} - unknown',
      '{*recorded.schemas, *self.schemas}',
      'a repeated record goes both ways',
    ],
    ['milliseconds")', 'seconds")', 'state grows for years'],
    ['F.col(f"_{one.name}"), "left")', 'F.col(f"_{one.name}"), "inner")', 'an event of an unknown key is lost'],
  ),
  ...mutantsOf(
    `${jobs}/streaming/numbers.py`,
    tests('numbers'),
    [
      'planned_ms(finished) + so_far + 1',
      'planned_ms(finished) + 1',
      'after the second set-back of a clock results are ignored',
    ],
    ['so_far, least - moment_ms, ', 'least - moment_ms, ', 'results are ignored when the clock is right again'],
    ['leads.get(planned, 0)', '0', 'a repeated batch has a smaller number than in the table, which refuses it'],
    ['repeated and now_ms <= moment_ms', 'False', 'batches after a repeated one have smaller numbers'],
    ['and repeated else now_ms', 'and False else now_ms', 'a repeated batch has another number'],
  ),
  ...mutantsOf(`${jobs}/sending/pacing.py`, tests('pacing'), [
    ' and not clock.was_set_back()',
    '',
    'a sender waits for an hour when the clock is set back by one',
  ]),
  ...mutantsOf(
    `${jobs}/streaming/query.py`,
    tests('limits', 'ending', 'query'),
    [' and _batch(query) == batch', '', 'a busy stream is killed in the middle of a batch'],
    ['FINISH_SECONDS = 50.0', 'FINISH_SECONDS = 500.0', 'a stream is killed in the middle of a batch'],
    [
      'or not is_restart_fault(error) or not is_first',
      'or not is_restart_fault(error)',
      'a stream that cannot go on is started for ever',
    ],
    ['error is None and ends', 'error is None', 'a stream that ends by itself counts as a success'],
    [
      'if set_back := clock.was_set_back():',
      'if set_back := 0:',
      'results are ignored for an hour when the clock is set back by one',
    ],
  ),
  ...mutantsOf(
    `${jobs}/streaming/query.py`,
    query('windows_that_cannot_be_seen_whole_are_not_written_and_dead_letters_are'),
    ['rows=only_whole(result.rows, whole_from)', 'rows=result.rows', 'right totals are overwritten by partial ones'],
  ),
  ...mutantsOf(
    `${jobs}/streaming/query.py`,
    query('a_stream_goes_on_and_its_rules_are_remembered_before_its_first_batch'),
    [
      '    checkpoint.write(RULES, {source.alias: asdict(source.rules) for source in sources})\n',
      '',
      'a repeated batch is judged anew, and records go two ways',
    ],
  ),
  ...mutantsOf(
    `${jobs}/streaming/query.py`,
    query('a_batch_that_is_repeated_is_the_only_one_of_its_start'),
    ['    if repeating and not was_asked:', '    if False:', 'a stream ends behind a batch that was repeated'],
    ['    if repeating and not was_asked:', '    if repeating:', 'a stream that was asked to end begins again'],
    ['ends=draining or repeating', 'ends=draining', 'a stream that has repeated its batch fails'],
    ['trigger(once=True)', 'trigger(availableNow=True)', 'what is behind a repeated batch is judged by old rules'],
  ),
  ...mutantsOf(`${jobs}/streaming/query.py`, query('the_clock_may_ask_for_a_start_of_its_own'), [
    'ahead.is_repeating or any(',
    'any(',
    'results are ignored after a clock was set back',
  ]),
  ...mutantsOf(`${jobs}/streaming/query.py`, query('a_schema_that_comes_up_is_asked_for_and_the_batch_begun_again'), [
    '        if wanted is None:\n            raise error from failed\n',
    '        raise error from failed\n',
    'a new schema ends the stream',
  ]),
  ...mutantsOf(`${jobs}/streaming/query.py`, query('every_record_leaves_by_one_query_and_is_counted_once'), [
    ' + F.lit(lead_ms)',
    '',
    'results are ignored when the clock was set back',
  ]),
  ...mutantsOf(
    `${jobs}/streaming/source.py`,
    tests('judging'),
    ['is_repeating=rules != now', 'is_repeating=False', 'what is behind a repeated batch is judged by old rules'],
    ['rules = now if recorded is None else now.repeating(recorded)', 'rules = now', 'records go two ways, or none'],
    [
      'codec = replace(codec, schemas=schemas, unknown=frozenset(rules.unknown))',
      'pass',
      'records go two ways, or none',
    ],
    ['else (source.topic, source.replays)', 'else (source.topic,)', 'what is sent again is never read'],
  ),
  ...mutantsOf(
    `${jobs}/kafka/cluster.py`,
    tests('cluster'),
    ['str(described[name].topicId())', 'name', 'a topic that was made again is taken for the old one'],
    ['which.earliest()', 'which.latest()', 'records that are gone are not missed'],
  ),
  ...mutantsOf(
    `${jobs}/formats/registry.py`,
    tests('registry'),
    ['(OSError, http.client.HTTPException)', 'OSError', 'an answer that breaks off ends a job in a stack trace'],
    ['                    json.loads(body)\n', '', 'half an answer ends a job in a stack trace'],
    ['TIMEOUT_SECONDS = 5.0', 'TIMEOUT_SECONDS = 5_000.0', 'a registry that hangs hangs all jobs'],
    ['8.0, 15.0, 15.0)', '8.0)', 'jobs fail while the registry is replaced'],
    ['MOST_VERSIONS = 500', 'MOST_VERSIONS = 20', 'a topic whose schema changed often cannot be read'],
    [' and error.code != 429', '', 'a registry that is asked too much fails jobs'],
    ['error.code < 500', 'error.code <= 500', 'a registry that restarts fails jobs'],
  ),
  ...mutantsOf(`${jobs}/job/events.py`, tests('job'), [
    '            self._out.flush()\n',
    '',
    'what a job did that is killed is not told',
  ]),
  ...mutantsOf(
    `${jobs}/job/stop.py`,
    tests('limits', 'stop'),
    ['GRACE_SECONDS = 60', 'GRACE_SECONDS = 6', 'a stream is killed in the middle of a batch'],
    ['FIRST_OF_ALL = 100', 'FIRST_OF_ALL = 10', 'Spark ends before the batch that runs'],
    ['(signal.SIGTERM, signal.SIGINT)', '(signal.SIGTERM,)', 'Ctrl-C ends a stream in the middle of a batch'],
    [
      '            self.requested.set()\n            self._finished.wait',
      '            self._finished.wait',
      'a stream never learns that it is to end',
    ],
  ),
  ...mutantsOf(
    `${jobs}/streaming/checkpoint.py`,
    tests('checkpoint'),
    [
      'self.last_planned() != self.last_finished()',
      'self._last("offsets") == self._last("commits")',
      'a repeated batch is judged anew, and records go two ways',
    ],
    ['max(batches, default=None)', 'min(batches, default=None)', 'a stream is held to offsets of long ago'],
    ['self._files.delete(self._path("/query"), True)', 'pass', 'a rebuild goes on from the old checkpoint'],
    ['aside if self._is_on_disk else path, True', 'path, True', 'who is killed at a wrong moment never starts again'],
  ),
  ...mutantsOf(
    `${jobs}/streaming/binding.py`,
    tests('checkpoint'),
    ['if first <= offset <= end:', 'if first <= offset:', 'a topic that was made anew is not missed'],
    [
      'F.unix_millis("window_start") >= whole_from',
      'F.unix_millis("window_start") >= 0',
      'right totals are overwritten by partial ones',
    ],
    ['refuse_results(cluster, bound, checkpoint.url)', 'pass', 'right totals are overwritten by partial ones'],
    ['refuse_gap(cluster, checkpoint)', 'pass', 'records that are gone are not missed'],
    ['return max(begins) if', 'return min(begins) if', 'right totals are overwritten by partial ones'],
    ['if len(begins) == len(cut) else', 'if begins else', 'right totals are overwritten by partial ones'],
    [' + future * MINUTE_MS', '', 'right totals are overwritten by partial ones'],
  ),
  ...mutantsOf(
    `${jobs}/job/session.py`,
    tests('limits'),
    ['"FileSystemBasedCheckpointFileManager"', '"FileContextBasedCheckpointFileManager"', 'streams cannot write to S3'],
    [
      '"spark.sql.streaming.minBatchesToRetain": "20"',
      '"spark.sql.streaming.minBatchesToRetain": "2000"',
      'the state machine cannot hold the list of commits',
    ],
    [
      '"spark.sql.session.timeZone": "UTC"',
      '"spark.sql.session.timeZone": "Europe/Berlin"',
      'times in files are those of Berlin',
    ],
    ['{} if state is None', '{} if state', 'the number of state partitions that is declared has no effect'],
    ['spark.sql.streaming.disabledV2MicroBatchReaders', 'spark.none', 'a stream that was killed fails at its restart'],
  ),
  ...mutantsOf(
    `${jobs}/streaming/progress.py`,
    tests('progress'),
    ['most: int = 12', 'most: int = 1', 'the log of a stream shows one row'],
    [
      'key=lambda row: row[self.newest], reverse=True',
      'key=lambda row: row[self.newest]',
      'the log of a stream shows the oldest rows first',
    ],
    [
      'progress.get("batchDuration", 0) / 1000',
      'progress.get("batchDuration", 0)',
      'batches take hours on the dashboard',
    ],
    ['state.get("numRowsTotal", 0)', 'state.get("numRowsUpdated", 0)', 'a state that grows is not seen'],
    ['max(0, offset - end', 'max(0, end', 'a stream that lags is not seen'],
    [
      '"deadLetterRows": dead_letters.total()',
      '"deadLetterRows": len(dead_letters)',
      'dead letters are counted by kinds',
    ],
    [
      'if not rows_in and not rows_out and not dropped:',
      'if not rows_in and not rows_out:',
      'dropped rows are not told',
    ],
  ),
  ...mutantsOf(
    `${jobs}/streaming/tables.py`,
    tests('stream_tables'),
    ['if last == number:', 'if last is number:', 'a repeated batch is added twice'],
    ['last > number:', 'last > number + 10**9:', 'a driver that outlived its lock adds what is there'],
    [', is_over=is_over', '', 'a stream that waits for its database is killed'],
    ['made, result.adds)', 'made)', 'sums are replaced by those of a batch'],
    [
      'F.lit(str(number)).cast("binary")',
      'F.lit("0").cast("binary")',
      'sums of a driver that outlived its lock take the place of newer ones',
    ],
  ),
  ...mutantsOf(
    `${jobs}/postgres/loading.py`,
    tests('table'),
    ['s.number DESC"', 's.number"', 'the first of several rows counts'],
    ['fields = [F.col("_reason"), ', 'fields = [F.lit(None).cast("string"), ', 'a text with a NUL fails the batch'],
    ['(F.round(value, column.digits) != value)', 'F.lit(False)', 'money is rounded without a word'],
    [' OR integrity_constraint_violation', '', 'a row that a table does not take fails the batch'],
  ),
  ...mutantsOf(`${jobs}/postgres/session.py`, tests('limits'), [
    'r"08|53|',
    'r"53|',
    'a database that is away fails the stream',
  ]),
  ...mutantsOf(`${jobs}/postgres/session.py`, tests('stream_tables'), [
    'NO_ROOM = "53100"',
    'NO_ROOM = "none"',
    'who has to make room looks for a database that is away',
  ]),
  ...mutantsOf(`${jobs}/postgres/session.py`, tests('rds_sign_in'), [
    'self._connection.unwrap(own)',
    'self._connection',
    'no job writes a table on AWS',
  ]),
  ...mutantsOf(
    `${jobs}/dynamodb/rows.py`,
    tests('items'),
    ['#version < :version', '#version <= :version', 'what is written again is told as a change'],
    ['F.max("one")', 'F.min("one")', 'the oldest state of a batch is there'],
    ['F.when(~is_whole, F.monotonically_increasing_id())', 'F.lit(None).cast("long")', 'rows without a key are lost'],
  ),
  ...mutantsOf(
    `${jobs}/dynamodb/writing.py`,
    tests('items'),
    ['        "ThrottlingException",\n', '', 'a table that asks for patience fails the stream'],
    ['over.is_set() or is_over()', 'over.is_set()', 'a stream that waits for its items is killed'],
  ),
  ...mutantsOf(`${jobs}/dynamodb/reading.py`, tests('items'), [
    'asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]',
    'return',
    'a batch job reads the first megabyte of its items',
  ]),
  ...mutantsOf(`${jobs}/streaming/heartbeat.py`, tests('limits'), [
    'EVERY_SECONDS = 60.0',
    'EVERY_SECONDS = 6_000.0',
    'a stream that hangs is seen after hours',
  ]),
];

const sending: readonly Mutant[] = [
  ...mutantsOf(
    `${jobs}/sending/pacing.py`,
    [
      `${jobs}/tests/test_pacing.py::test_due_rows_follow_each_other_through_the_cycles`,
      `${jobs}/tests/test_many_rows.py`,
    ],
    ['else after | before)', 'else after & before)', 'rows at the end of a large file are not sent'],
    ['F.floor(F.col("value") / count)', 'F.lit(0).cast("bigint")', 'a repeated row has the number of the first'],
  ),
  ...mutantsOf(
    `${jobs}/sending/pacing.py`,
    tests('many_rows', 'pacing'),
    ['due.where(F.col("value") < total), sent', 'due, sent', 'more rows are sent than asked for'],
    ['F.col("position") < total)', 'F.col("position") <= total)', 'one row too many is sent'],
    ['CYCLES_AT_ONCE = 10_000', 'CYCLES_AT_ONCE = 10_000_000_000', 'a short file that is sent often fills the memory'],
    [
      'if last is None or last[0] is None else int(last[0]) + 1',
      'if last is None or last[0] is None else int(last[0])',
      'the last row of each batch is lost',
    ],
  ),
  ...mutantsOf(
    `${jobs}/sending/numbering.py`,
    tests('numbering'),
    ['highest - lowest + 1', 'highest - lowest', 'two rows have one number'],
    ['if largest > numbering.largest:', 'if largest > numbering.largest + 1:', 'numbers run over'],
  ),
  ...mutantsOf(
    `${jobs}/sending/file_sender.py`,
    tests('file_sender'),
    ['if read == rejected:', 'if False:', 'a file without a row waits for three minutes'],
    ['F.count("reason").alias("rejected")', 'F.count("*").alias("rejected")', 'every row counts as rejected'],
  ),
];

const datasets: readonly Mutant[] = mutantsOf(
  `${jobs}/kinds/dataset.py`,
  tests('dataset'),
  ['.option(f"snapshot-property.{POSITION}", said)', '', 'each run appends the whole topic once more'],
  ['rewriting = rewriting.snapshotProperty(POSITION, said)', 'pass', 'maintenance forgets how far topics were read'],
  ['max(wanted, first)', 'first', 'what was appended is appended again'],
  ['if known.id != state.id:', 'if False:', 'records of a topic that was made again are passed over'],
  [
    'output.keep_hours * HOUR_MS)',
    'output.keep_hours * HOUR_MS // 24)',
    'states are forgotten long before the declaration says',
  ],
  [
    '"write.metadata.delete-after-commit.enabled": "true"',
    '"write.metadata.delete-after-commit.enabled": "false"',
    'each commit leaves a file of metadata for ever',
  ],
  ['if wanted > state.end[partition]:', 'if False:', 'records that the brokers have lost are not missed by anybody'],
  ['"left_anti")', '"left_outer").select(made.columns)', 'what a stream wrote twice is counted twice'],
  ['.retainLast(1)', '.retainLast(100)', 'old files are paid for without end'],
  ['* HOUR_MS).execute()', '* 0).execute()', 'files of a run that goes on are removed'],
);

/** Values on which people count, said literally by one file. */
const limits: readonly Mutant[] = (
  [
    [
      'job/stop.py',
      'ANSWER_SECONDS = 0.3',
      'ANSWER_SECONDS = 30.0',
      'a stream that was asked to end takes half a minute more',
    ],
    ['streaming/query.py', 'POLL_SECONDS = 0.1', 'POLL_SECONDS = 10.0', 'a stream that was asked to end is killed'],
    ['job/clock.py', 'STEP_SECONDS = 0.1', 'STEP_SECONDS = 10.0', 'a clock that is set back stops a stream unseen'],
    [
      'job/run.py',
      'LONGEST_MESSAGE = 1_000',
      'LONGEST_MESSAGE = 1_000_000',
      'an error does not fit into a line of the log',
    ],
    [
      'job/document.py',
      'LONGEST_SHOWN = 100',
      'LONGEST_SHOWN = 100_000',
      'an error does not fit into a line of the log',
    ],
    [
      'formats/checks.py',
      'LONGEST_SHOWN = 100',
      'LONGEST_SHOWN = 100_000',
      'an error does not fit into a line of the log',
    ],
    ['streaming/binding.py', 'LOOKED_AT = 1_000', 'LOOKED_AT = 1', 'a rebuild takes windows for whole that are not'],
    ['kafka/dead_letters.py', 'OWN_BYTES = 16_384', 'OWN_BYTES = 64', 'a large bad record stops the stream for ever'],
    [
      'kafka/dead_letters.py',
      'HEADER_BYTES = 10',
      'HEADER_BYTES = 0',
      'a record of many headers stops the stream for ever',
    ],
    [
      'kafka/connection.py',
      '"kafka.reconnect.backoff.max.ms": "10000"',
      '"kafka.reconnect.backoff.max.ms": "1000000"',
      'a stream finds its brokers again after a quarter of an hour',
    ],
    [
      'job/session.py',
      '"spark.sql.adaptive.enabled": "false"',
      '"spark.sql.adaptive.enabled": "true"',
      'each batch is planned twice',
    ],
    [
      'job/session.py',
      '"spark.sql.optimizer.nestedSchemaPruning.enabled": "false"',
      '"spark.sql.optimizer.nestedSchemaPruning.enabled": "true"',
      'columns are lost on their way',
    ],
    [
      'postgres/session.py',
      '"connectTimeout": "30"',
      '"connectTimeout": "3000"',
      'a job hangs for an hour before a database that is away',
    ],
    ['postgres/session.py', '"socketTimeout": "600"', '"socketTimeout": "6"', 'a large batch is never written'],
    ['postgres/session.py', '"tcpKeepAlive": "true"', '"tcpKeepAlive": "false"', 'a line that is broken is waited for'],
    ['postgres/session.py', '|40P01|', '|', 'a deadlock fails a stream'],
    ['postgres/session.py', '|57P|', '|', 'a database that restarts fails a stream'],
    ['postgres/session.py', '0.5, 10.0', '0.5, 1_000.0', 'a stream stands still long after its database is back'],
    ['postgres/loading.py', ', ("\\r", "\\\\r")', '', 'a text with a line end fails the batch'],
    ['postgres/loading.py', 'PAGE = 5_000', 'PAGE = 5_000_000', 'a batch of bad rows fills the memory'],
    ['kinds/table.py', 'AWAY_SECONDS = 300.0', 'AWAY_SECONDS = 3.0', 'a database that was paused fails a job'],
    [
      'kinds/table.py',
      'FOLLOWED_SECONDS = 180.0',
      'FOLLOWED_SECONDS = 1.8',
      'a run fails because a connector takes its time',
    ],
    ['kinds/dataset.py', 'ORPHAN_HOURS = 72', 'ORPHAN_HOURS = 1', 'files of a run that goes on are removed'],
    [
      'sending/pacing.py',
      'MANY_ROWS = 100_000',
      'MANY_ROWS = 100_000_000',
      'a large file is sent slower than was asked for',
    ],
  ] as const
).flatMap(([file, ...change]) => mutantsOf(`${jobs}/${file}`, tests('limits'), change));

export const ofJobs: readonly Mutant[] = [...formats, ...kafka, ...streaming, ...sending, ...datasets, ...limits];
