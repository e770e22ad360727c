/** A picture of parts with arrows between them, as wide as the page allows; what needs more room is scrolled. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Box, Placed } from './layout.ts';

interface Shown {
  readonly label: string;
  /** What is laid out: laid out again only when it is another. */
  readonly of: unknown;
  readonly placedIn: (width: number) => Placed;
  /** The looks that arrows may have, by their ids. */
  readonly looks: Readonly<Record<string, string>>;
  readonly children: (places: Placed) => ComponentChildren;
}

/** Text that is smaller cannot be read. */
const leastScale = 0.75;
/** A sheet of paper is as wide, less its margins; it is not scrolled. */
const paperWidth = 700;

export function Drawing({ label, of, placedIn, looks, children }: Shown) {
  const frame = useRef<HTMLElement>(null);
  const arrow = useId();
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = (): void => setWidth(frame.current?.clientWidth ?? 0);
    const observer = new ResizeObserver(measure);
    // What is printed is laid out for its sheet before, since nothing is measured while it is.
    const print = (): void => setWidth((known) => Math.min(known, paperWidth));
    addEventListener('beforeprint', print);
    addEventListener('afterprint', measure);
    if (frame.current) observer.observe(frame.current);
    measure();
    return () => {
      observer.disconnect();
      removeEventListener('beforeprint', print);
      removeEventListener('afterprint', measure);
    };
  }, []);
  // It comes again with every word of the server, and is mostly the same.
  const places = useMemo(() => (width > 0 ? placedIn(width) : undefined), [JSON.stringify(of), width]);
  const scale = places ? Math.min(1, Math.max(leastScale, width / places.width)) : 1;
  return (
    <section
      class="frame"
      ref={frame}
      aria-label={label}
      tabIndex={places && places.width * scale > width + 1 ? 0 : undefined}
    >
      {places && (
        <div class="flow" style={px({ width: places.width * scale, height: places.height * scale })}>
          <div
            class="plane"
            style={{ ...px({ width: places.width, height: places.height }), transform: `scale(${scale})` }}
          >
            <svg width={places.width} height={places.height} aria-hidden="true">
              <title>arrows</title>
              <defs>
                {[...new Set(Object.values(looks))].map((look) => (
                  <marker
                    key={look}
                    id={arrow + look}
                    class={look}
                    viewBox="0 0 8 8"
                    refX="7"
                    refY="4"
                    markerWidth="7"
                    markerHeight="7"
                    orient="auto"
                  >
                    <path d="M0,0.5 L8,4 L0,7.5 z" />
                  </marker>
                ))}
              </defs>
              {Object.entries(looks).map(([id, look]) => (
                <path key={id} class={`edge ${look}`} d={places.edges[id]?.path} marker-end={`url(#${arrow}${look})`} />
              ))}
            </svg>
            {children(places)}
          </div>
        </div>
      )}
    </section>
  );
}

/** Lengths as a style takes them. */
export const px = (lengths: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, `${length}px`]));

/** Where a part stands, as a style. */
export const at = (box: Box | undefined): Record<string, string> | undefined =>
  box && px({ left: box.x, top: box.y, width: box.width, height: box.height });
