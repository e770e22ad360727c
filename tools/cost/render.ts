/** An estimate as tables and notes that a person reads. */
import { type Amounts, type CostLine, type Estimate, RUNS_A_MONTH, sumOf } from './estimate.ts';
import { PRICES, PRICES_READ, PRICES_REGION } from './prices.ts';

const TITLES = ['part', 'quantity', 'from', 'price, USD', 'idle day', 'demo run', 'month'];
const WORDS = new Set([0, 2, 3]);

/** The text: a table of what all pipelines share, one of what each of them adds, the sum, and notes. */
export function renderEstimate(estimate: Estimate): string {
  const { environment, lines, total, assumptions, leftOut } = estimate;
  const pipelines = [...new Set(lines.flatMap(({ pipeline }) => pipeline ?? []))];
  const [day, run, month] = moneyOf(total);
  return [
    `Environment ${environment}, US dollars, ${PRICES_REGION}`,
    '',
    'Shared by all pipelines',
    ...renderPart(estimate),
    ...pipelines.flatMap((name) => ['', `Added by pipeline ${name}`, ...renderPart(estimate, name)]),
    '',
    `All together: an idle day ${day}, a demo run of each pipeline ${run}, a month ${month}.`,
    '',
    `Idle day: 24 hours without a run. Demo run: what one run adds. Month: 730 hours and ${RUNS_A_MONTH} demo runs.`,
    `List prices as read on ${PRICES_READ}, without free tiers and taxes: check them again before you rely on the sums.`,
    ...section('Assumed, not measured', assumptions),
    ...section('In no line', leftOut),
    ...section('Where the prices were read', sources()),
  ].join('\n');
}

/** The table of what all pipelines share, or of what one of them adds; it says the same whichever others there are. */
export function renderPart({ lines }: Estimate, pipeline?: string): string[] {
  const part = lines.filter((line) => line.pipeline === pipeline);
  return tableOf([...part.map(rowOf), ['sum', '', '', '', ...moneyOf(sumOf(part))]]);
}

function sources(): string[] {
  const prices = Object.values(PRICES);
  return [...new Set(prices.map(({ source }) => source))].map((source) => {
    const units = prices.filter((price) => price.source === source).map(({ per }) => per);
    return `${source}: ${[...new Set(units)].join(', ')}`;
  });
}

function rowOf(line: CostLine): string[] {
  const quantity = Number(line.quantity.toFixed(4)).toString();
  const price = `${Number(line.price.dollars.toFixed(7))} per ${line.price.per}`;
  return [line.part, quantity, line.arithmetic, price, ...moneyOf(line)];
}

/** Cents are enough, except where an amount is smaller than one. */
function moneyOf({ day, run, month }: Amounts): string[] {
  return [day, run, month].map((dollars) => {
    if (dollars === 0) return '-';
    return dollars < 0.01 ? dollars.toFixed(4) : dollars.toFixed(2);
  });
}

function tableOf(rows: readonly string[][]): string[] {
  const widths = TITLES.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const format = (row: readonly string[]): string =>
    row
      .map((text, column) =>
        WORDS.has(column) ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [format(TITLES), rule, ...rows.slice(0, -1).map(format), rule, format(rows.at(-1) ?? [])];
}

function section(title: string, lines: readonly string[]): string[] {
  return ['', `${title}:`, ...lines.map((line) => `- ${line}`)];
}
