/** The style of the page at `/`, light and dark. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5d6878; --line: #d9dee6; --back: #f6f7f9; --card: #fff; --accent: #2458d3; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa5b5; --line: #323a47; --back: #14181f; --card: #1c222b; --accent: #7fa3ff; --bad: #ff8a80; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .75rem; }
nav { margin-left: auto; display: flex; gap: 1rem; }
a { color: var(--accent); }
main { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: start; }
@media (max-width: 52rem) { main { grid-template-columns: minmax(0, 1fr); } }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; }
.wide { grid-column: 1 / -1; }
.fields { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); max-height: 24rem; overflow: auto; padding: 2px; }
label { display: block; color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
input, select, textarea { display: block; width: 100%; padding: .35rem .5rem; font: inherit; color: var(--ink); background: var(--back); border: 1px solid var(--line); border-radius: .3rem; }
header label { display: flex; gap: .5rem; align-items: center; }
header select, header input { width: auto; }
textarea { min-height: 5rem; font-family: ui-monospace, monospace; }
button { padding: .4rem .9rem; font: inherit; color: #fff; background: var(--accent); border: 0; border-radius: .3rem; cursor: pointer; }
@media (prefers-color-scheme: dark) { button { color: #10141a; } }
button.plain { color: var(--accent); background: none; padding: 0; }
.row { display: flex; gap: 1rem; align-items: center; margin-top: .75rem; }
pre { margin: 0; padding: .6rem; overflow: auto; max-height: 20rem; background: var(--back); border-radius: .3rem; font: 13px/1.45 ui-monospace, monospace; }
.bar { display: grid; grid-template-columns: minmax(4rem, 10rem) 1fr 4rem; gap: .5rem; align-items: center; margin-top: .25rem; }
.bar span { overflow-wrap: anywhere; }
.bar div { background: var(--back); border-radius: .2rem; }
.bar i { display: block; height: .8rem; background: var(--accent); border-radius: .2rem; }
.bar b { text-align: right; font-weight: normal; font-variant-numeric: tabular-nums; }
.answer { font-size: 1.3rem; }
.error { color: var(--bad); overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .5rem; }
.figures b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: 3rem; margin-top: .5rem; }
polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--soft); }
`;
