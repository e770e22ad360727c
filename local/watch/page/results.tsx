/** The results that the declaration's report names, and what topics say beside them: each as a chart and as the table that it is drawn from. */
import type { Model, ResultsTold, Shown } from '../model.ts';
import { ResultsChart } from './chart.tsx';
import { Table } from './details.tsx';
import { cell, count } from './words.ts';

const shownRows = 200;

export function Results({ model: { picture, execution, results, views } }: { readonly model: Model }) {
  const { columns, chart } = picture;
  const told = results?.final
    ? 'As the report’s job wrote them at the end.'
    : 'So far, from the topic that the report’s job reads.';
  return (
    <>
      {columns.length > 0 && (
        <Rows id="results" shown={{ title: 'Results', columns, chart }} rows={results} told={told} />
      )}
      {picture.views.map((shown, index) => {
        const rows = views[index] ?? null;
        // What a topic said while an older execution ran, nobody can tell any more.
        if (!rows && execution?.status !== 'RUNNING') return null;
        return <Rows key={shown.title} id={`view-${index}`} shown={shown} rows={rows} told="As their topic says." />;
      })}
    </>
  );
}

interface Told {
  readonly id: string;
  readonly shown: Shown;
  readonly rows: ResultsTold | null;
  readonly told: string;
}

function Rows({ id, shown: { title, columns, chart }, rows: found, told }: Told) {
  const rows = found?.rows ?? [];
  const left = rows.length - shownRows + (found?.more ?? 0);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {rows.length === 0 ? (
        <p class="quiet">Nothing yet.</p>
      ) : (
        <>
          <p class="quiet">{told}</p>
          <div class={chart ? 'beside' : ''}>
            {chart && <ResultsChart chart={chart} columns={columns} rows={rows} />}
            <div>
              <Table
                caption={id === 'results' ? 'Rows of the results' : `Rows of: ${title}`}
                head={columns.map(({ title, format }) =>
                  format === 'money' || format === 'count' ? [title, 'number'] : [title],
                )}
                rows={rows
                  .slice(0, shownRows)
                  .map((row) => columns.map(({ field, format }) => cell(row[field], format)))}
              />
              {left > 0 && <p class="quiet">{count(left)} more rows are left out here.</p>}
            </div>
          </div>
        </>
      )}
    </section>
  );
}
