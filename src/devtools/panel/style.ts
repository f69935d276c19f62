/** How the panel looks: both colour schemes, wide windows and phones. */

import { PICTURE_STYLE } from '../picture/style.ts'

export const PANEL_STYLE: string = `
:host {
  all: initial;
  color-scheme: light dark;
  --ground: light-dark(#f4f5f9, #0e1015);
  --card: light-dark(#ffffff, #171a21);
  --raised: light-dark(#f1f3f8, #20242d);
  --line: light-dark(#dfe3ec, #2b303b);
  --edge: light-dark(#767f91, #7c8698);
  --text: light-dark(#151823, #e9ebf1);
  --muted: light-dark(#565e70, #a3abbb);
  --accent: light-dark(#4353d6, #8f9cff);
  --accent-text: light-dark(#3745bd, #aab4ff);
  --tint: light-dark(#eceefd, #232846);
  --good: light-dark(#13703a, #6fd99a);
  --bad: light-dark(#b3261e, #ff9d94);
  --lock: light-dark(#c77f0a, #eab04e);
  --claim: light-dark(#7d4fd3, #b298f7);
  --wire: light-dark(#2468d8, #6ea8ff);
  --commit: light-dark(#14803f, #5fd38d);
  --adopted: light-dark(#0c7f86, #4fd0d6);
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "DejaVu Sans Mono", monospace;
  position: fixed;
  inset: auto 0.75rem 0.75rem auto;
  z-index: 2147483000;
  display: block;
  color: var(--text);
  font: 400 14px / 1.45 system-ui, -apple-system, "Segoe UI", sans-serif;
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([inline]) { position: static; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, h3, p, dl, dd, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h2 { font-size: 1rem; }
h3 { font-size: 0.8125rem; color: var(--muted); font-weight: 600; }
button {
  min-height: 2rem;
  padding: 0.25rem 0.7rem;
  border: 1px solid var(--edge);
  border-radius: 0.5rem;
  background: var(--raised);
  color: var(--text);
  font: inherit;
  font-size: 0.8125rem;
  cursor: pointer;
}
button[aria-pressed="true"] { border-color: var(--accent); background: var(--tint); color: var(--accent-text); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.toggle {
  display: flex;
  gap: 0.5rem;
  align-items: center;
  margin-inline-start: auto;
  border-radius: 1rem;
  background: var(--card);
  box-shadow: 0 2px 10px rgb(0 0 0 / 22%);
}
.toggle::before { width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--edge); content: ""; }
.toggle[data-status="signed-in"]::before { background: var(--good); }
.toggle[data-status="signed-out"]::before { background: var(--bad); }
:host([inline]) .toggle { display: none; }
.panel {
  display: grid;
  gap: 0.9rem;
  width: min(46rem, calc(100vw - 1.5rem));
  max-height: min(44rem, calc(100vh - 5rem));
  margin-block-end: 0.5rem;
  padding: 0.9rem;
  overflow: auto;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  background: var(--card);
  box-shadow: 0 6px 30px rgb(0 0 0 / 25%);
}
:host([inline]) .panel { width: auto; max-height: none; margin: 0; border: 0; box-shadow: none; }
section { display: grid; gap: 0.35rem; min-width: 0; }
.heading { display: flex; gap: 0.5rem; align-items: center; justify-content: space-between; }
:host([inline]) .close { display: none; }
.explanation { padding: 0.55rem 0.7rem; border-left: 3px solid var(--accent); border-radius: 0.25rem; background: var(--raised); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.4rem 1rem; }
.facts dt { color: var(--muted); font-size: 0.75rem; }
.facts dd { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.actions { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.said { min-height: 1.3em; color: var(--muted); font-size: 0.8125rem; }
.record { max-height: 13rem; overflow: auto; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--raised); }
.record li { display: grid; grid-template-columns: 4.6rem minmax(0, 1fr); gap: 0.5rem; padding: 0.15rem 0.6rem; font-size: 0.8125rem; overflow-wrap: anywhere; }
.record li.bad { color: var(--bad); }
.record time { color: var(--muted); font-family: var(--mono); font-size: 0.75rem; line-height: 1.6; }
@media (max-width: 40rem) {
  :host(:not([inline])) { inset: auto 0.5rem 0.5rem 0.5rem; }
  .panel { width: auto; max-height: 78vh; padding: 0.7rem; }
  button { min-height: 2.5rem; }
}
.labels .you { margin-inline-start: 0.4rem; font-weight: 400; }
${PICTURE_STYLE}`
