/** Where the page begins: as a report, which holds what it shows, or as one that follows what happens. */
import { render } from 'preact';
import { App } from './app.tsx';
import { followed, told } from './source.ts';

const report = told();

function Live() {
  const { model, connection } = followed();
  return model ? <App model={model} connection={connection} /> : <p class="empty">Waiting for the first word.</p>;
}

render(
  report ? <App model={report.model} connection="report" runs={report.runs} /> : <Live />,
  document.getElementById('page') as HTMLElement,
);
