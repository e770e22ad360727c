/** Signs that are missing in some fonts, each with a meaning of its own beside its colour. */
const shapes = {
  arrow: 'M1,7 H20 M15,2 L20,7 L15,12',
  good: 'M2,8 L7,13 L17,2',
  bad: 'M4,2 L15,13 M15,2 L4,13',
  caught: 'M9,1 V8 M9,11 V13',
  running: 'M5,2 L15,7 L5,12 z',
  idle: 'M2,8 H18',
};

export type Sign = keyof typeof shapes;

export const Drawn = ({ sign }: { readonly sign: Sign }) => (
  <svg class="drawn" width="22" height="14" viewBox="0 0 22 14" aria-hidden="true">
    <path d={shapes[sign]} />
  </svg>
);
