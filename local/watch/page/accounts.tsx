/** The accounts: whether every row is in exactly one place. */
import { Fragment } from 'preact';
import type { AccountTold, Model } from '../model.ts';
import { Drawn } from './drawn.tsx';
import { byReason, count } from './words.ts';

export function Accounts({ model: { accounts, execution } }: { readonly model: Model }) {
  return (
    <section aria-labelledby="accounts">
      <h2 id="accounts">Every row, in one place</h2>
      {accounts.length === 0 && <p class="quiet">The declaration names no accounts, so nobody counts rows.</p>}
      {accounts.map((account) => (
        <Account
          key={account.account}
          account={account}
          many={accounts.length > 1}
          ended={execution?.status !== 'RUNNING' && execution?.region === undefined}
          onAws={execution?.region !== undefined}
        />
      ))}
    </section>
  );
}

interface Term {
  readonly value: number;
  readonly word: string;
  readonly why?: string;
}

interface Shown {
  readonly account: AccountTold;
  readonly many: boolean;
  readonly ended: boolean;
  readonly onAws: boolean;
}

function Account({ account, many, ended, onAws }: Shown) {
  const { settled, addsUp, read, sent, rejected, byOthers, carriedOver, replayed, summarized, deadLetters } = account;
  const some = (value: number, word: string): Term[] => (value > 0 ? [{ value, word }] : []);
  const came = [
    { value: sent, word: 'sent' },
    ...some(byOthers, 'by others'),
    ...some(carriedOver, 'carried over'),
    ...some(replayed, 'replayed'),
  ];
  const went = [
    { value: summarized, word: 'summarized' },
    { value: deadLetters, word: 'dead letters', why: byReason(account.deadLettersByReason) },
  ];
  const fromFile = [
    { value: sent, word: 'sent' },
    { value: rejected, word: 'rejected', why: byReason(account.rejectedByReason) },
  ];
  const counted = addsUp ? (['good', 'adds up'] as const) : (['bad', 'does not add up'] as const);
  const [look, word] = settled ? counted : (['idle', ended ? 'not counted yet' : 'so far'] as const);
  const how = settled
    ? 'counted from topics and files after the execution'
    : onAws
      ? 'as the jobs tell; nobody counted, since topics on AWS are read within their network only'
      : 'as the jobs tell; counted from topics and files at the end';
  return (
    <div class={`account ${look}`}>
      {many && <h3>{account.account}</h3>}
      <div class="equations">
        {account.isSum && <p class="equation">{account.line}</p>}
        {read !== undefined && <Equation left={[{ value: read, word: 'read' }]} right={fromFile} settled={settled} />}
        {!account.isSum && <Equation left={came} right={went} settled={settled} />}
      </div>
      <p class={`verdict state ${look}`} role="status">
        <Drawn sign={look} />
        {word}
        <span class="quiet">{how}</span>
      </p>
    </div>
  );
}

/** Only what is counted can be equal or not: what is on its way is neither yet. */
function Equation({
  left,
  right,
  settled,
}: {
  readonly left: readonly Term[];
  readonly right: readonly Term[];
  readonly settled: boolean;
}) {
  const value = (terms: readonly Term[]) => terms.reduce((sum, one) => sum + one.value, 0);
  const sign = !settled ? <Drawn sign="arrow" /> : value(left) === value(right) ? '=' : '≠';
  return (
    <p class="equation">
      <Side terms={left} />
      <span class="sign">{sign}</span>
      <Side terms={right} />
    </p>
  );
}

function Side({ terms }: { readonly terms: readonly Term[] }) {
  return (
    <>
      {terms.map(({ value, word, why }, index) => (
        <Fragment key={word}>
          {index > 0 && <span class="sign">+</span>}
          <span class="term">
            <b>{count(value)}</b> {word}
            {why && <small>{why}</small>}
          </span>
        </Fragment>
      ))}
    </>
  );
}
