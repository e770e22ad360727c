/** The results that the declaration's report names, as a chart and as the table that it is drawn from. */
import type { Model } from '../model.ts';
import { ResultsChart } from './chart.tsx';
import { Table } from './details.tsx';
import { cell, count } from './words.ts';

const shownRows = 200;

export function Results({ model: { picture, results } }: { readonly model: Model }) {
  const { columns, chart } = picture;
  if (columns.length === 0) return null;
  const rows = results?.rows ?? [];
  const left = rows.length - shownRows + (results?.more ?? 0);
  return (
    <section aria-labelledby="results">
      <h2 id="results">Results</h2>
      {!results || rows.length === 0 ? (
        <p class="quiet">No results yet.</p>
      ) : (
        <>
          <p class="quiet">
            {results.final
              ? 'As the report’s job wrote them at the end.'
              : 'So far, from the topic that the report’s job reads.'}
          </p>
          <div class={chart ? 'beside' : ''}>
            {chart && <ResultsChart chart={chart} columns={columns} rows={rows} />}
            <div>
              <Table
                caption="Rows of the results"
                head={columns.map(({ title, format }) =>
                  format === 'money' || format === 'count' ? [title, 'number'] : [title],
                )}
                rows={rows
                  .slice(0, shownRows)
                  .map((row) => columns.map(({ field, format }) => cell(row[field], format)))}
              />
              {left > 0 && <p class="quiet">{count(left)} more rows are in the files.</p>}
            </div>
          </div>
        </>
      )}
    </section>
  );
}
