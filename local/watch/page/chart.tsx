/** The chart that the declaration names, drawn again as rows come. Colours differ for eyes that tell red from green badly, too. */
import {
  BarController,
  BarElement,
  CategoryScale,
  type ChartConfiguration,
  Chart as Drawing,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Chart, Column } from '../../../lib/declaration/pipeline.ts';
import { type Row, seriesOf } from './series.ts';
import { cell, count } from './words.ts';

Drawing.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

/** The palette of Okabe and Ito without its yellow, which is not seen on white. */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#7f7f7f'];
/** A line for more points than that, else bars. */
const barsUpTo = 12;
const tallest = 640;

interface Shown {
  readonly chart: Chart;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export function ResultsChart({ chart, columns, rows }: Shown) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const dark = useDark();
  const titleOf = (field: string) => columns.find((column) => column.field === field)?.title ?? field;
  const { points, series, isTime, left } = seriesOf(chart, columns, rows);
  const axis = isTime ? `${titleOf(chart.x)} (UTC)` : '';
  const told = JSON.stringify([points, series, dark]);
  // Before it is painted, or printed.
  useLayoutEffect(() => {
    const config = configOf({ points, series, isTime, title: titleOf(chart.y), axis, dark });
    if (drawing.current) {
      drawing.current.data = config.data;
      drawing.current.options = config.options ?? {};
      drawing.current.update('none');
    } else if (canvas.current) drawing.current = new Drawing(canvas.current, config);
  }, [told]);
  useEffect(() => () => drawing.current?.destroy(), []);
  const what = `${titleOf(chart.y)} by ${titleOf(chart.x)}${chart.by ? `, a colour for each ${titleOf(chart.by)}` : ''}`;
  // Bars beside each other need room each, and a picture that fills the screen tells no more.
  const room = Math.min(tallest, points.length * (12 + 12 * series.length) + 60);
  const height = isTime ? 340 : Math.max(200, room);
  return (
    <figure>
      <div class="canvas" style={{ height: `${height}px` }}>
        <canvas ref={canvas} role="img" aria-label={`Chart of ${what}. The table holds the same numbers.`} />
      </div>
      <figcaption>
        {what}
        {left > 0 && `; ${count(left)} more are in the table`}
      </figcaption>
    </figure>
  );
}

/** What is longer leaves no room for bars on a narrow screen; the table has all of it. */
const longestName = 22;
const short = (name: string): string => (name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name);

const darkScreen = 'screen and (prefers-color-scheme: dark)';

function useDark(): boolean {
  const [dark, setDark] = useState(matchMedia(darkScreen).matches);
  useEffect(() => {
    const asked = matchMedia(darkScreen);
    const change = (): void => setDark(asked.matches);
    asked.addEventListener('change', change);
    return () => asked.removeEventListener('change', change);
  }, []);
  return dark;
}

interface Drawn extends Pick<ReturnType<typeof seriesOf>, 'points' | 'series' | 'isTime'> {
  readonly title: string;
  /** Below times; below texts there is none. */
  readonly axis: string;
  readonly dark: boolean;
}

function configOf({
  points,
  series,
  isTime,
  title,
  axis,
  dark,
}: Drawn): ChartConfiguration<'bar' | 'line', (number | null)[], string> {
  const [text, line] = dark ? ['#c3cad1', '#343b42'] : ['#454d55', '#e0e3e6'];
  const labels = points.map((point) => (isTime ? cell(point, 'time').slice(11) : point));
  const lines = isTime && points.length > barsUpTo;
  const name = { display: axis !== '', text: axis, color: text };
  const along = {
    title: name,
    ticks: { color: text, callback: (at: string | number) => short(labels[Number(at)] ?? '') },
    grid: { display: false },
  };
  const amounts = {
    beginAtZero: true,
    title: { display: true, text: title, color: text },
    ticks: { color: text },
    grid: { color: line },
  };
  return {
    type: lines ? 'line' : 'bar',
    data: {
      labels,
      datasets: series.map(({ label, data }, index) => ({
        label,
        data: [...data],
        backgroundColor: colours[index % colours.length],
        borderColor: colours[index % colours.length],
        // Of eight series the last has the first's colour, and another form.
        ...(index >= colours.length && { backgroundColor: 'transparent', borderWidth: 2, borderDash: [4, 3] }),
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: isTime ? 'x' : 'y',
      scales: isTime ? { x: along, y: amounts } : { x: amounts, y: along },
      plugins: { legend: { display: series.length > 1, labels: { color: text, boxWidth: 12, boxHeight: 12 } } },
    },
  };
}
