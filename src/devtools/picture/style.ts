/** How the picture looks, in the panel and in the demo; the colours are custom properties of its surroundings. */

export const PICTURE_STYLE = `
.lanes {
  display: grid;
  grid-template-columns: 10.5rem minmax(0, 1fr);
}

.labels {
  padding: 22px 0 0;
  list-style: none;
}

.labels li {
  display: flex;
  flex-direction: column;
  justify-content: center;
  border-top: 1px solid var(--line);
  font-size: 0.7813rem;
  line-height: 1.3;
}

.labels b {
  font-size: 0.8438rem;
}

.labels span {
  color: var(--muted);
}

.labels .you {
  color: var(--accent-text);
}

.labels .gone > b {
  color: var(--muted);
  text-decoration: line-through;
}

.plot {
  overflow: hidden;
  border-left: 1px solid var(--line);
}

.plot svg {
  display: block;
  width: 100%;
}

.plot .rule {
  stroke: var(--line);
}

.plot .tick {
  stroke: var(--line);
  stroke-dasharray: 2 4;
}

.plot .axis {
  fill: var(--muted);
  font: 11px var(--mono);
}

.plot .now {
  stroke: var(--accent);
  stroke-width: 1.5;
}

.span.waiting {
  fill: color-mix(in srgb, var(--lock) 28%, transparent);
  stroke: var(--lock);
  stroke-dasharray: 3 2;
}

.span.lock {
  fill: var(--lock);
}

.span.claim {
  fill: var(--claim);
}

.span.wire {
  fill: var(--wire);
}

.span.probe {
  fill: none;
  stroke: var(--wire);
}

.span.api {
  fill: var(--edge);
}

.span.bad {
  fill: var(--bad);
}

.span.hidden {
  position: static;
  fill: color-mix(in srgb, var(--edge) 14%, transparent);
  clip-path: none;
}

.span.frozen {
  fill: color-mix(in srgb, var(--wire) 22%, transparent);
}

.span.offline {
  fill: color-mix(in srgb, var(--bad) 14%, transparent);
}

.word {
  fill: light-dark(#fff, #10131a);
  font:
    600 10.5px system-ui,
    sans-serif;
  pointer-events: none;
}

.word.waiting,
.word.probe {
  fill: var(--text);
}

.mark.commit {
  fill: var(--commit);
  stroke: var(--card);
  stroke-width: 1.5;
}

.mark.adopted,
.mark.signed-in {
  fill: var(--card);
  stroke: var(--adopted);
  stroke-width: 2.5;
}

.mark.signed-in {
  stroke: var(--commit);
}

.mark.nobody {
  fill: var(--card);
  stroke: var(--edge);
  stroke-width: 2;
}

.mark.ended,
.mark.denied {
  fill: none;
  stroke: var(--bad);
  stroke-width: 2.5;
}

.mark.trouble {
  fill: var(--bad);
}

.mark.opened {
  stroke: var(--edge);
  stroke-width: 1.5;
}

.validity {
  stroke: color-mix(in srgb, var(--commit) 55%, transparent);
  stroke-width: 3;
}

.expiry {
  stroke: var(--bad);
  stroke-width: 2;
}

.due {
  fill: var(--text);
}

.arrow {
  fill: none;
  stroke: var(--adopted);
  stroke-width: 1.3;
}

.arrowhead {
  fill: var(--adopted);
}

@media (max-width: 40rem) {
.lanes {
  grid-template-columns: 7.6rem minmax(0, 1fr);
}

.labels li {
  padding-right: 0.4rem;
  font-size: 0.7188rem;
}

.labels span {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.labels .you {
  display: none;
}
}
`
