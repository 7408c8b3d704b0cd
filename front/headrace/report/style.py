"""The look of the page, light and dark."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1f2937;--soft:#667085;--line:#e4e7ec;--code:#f4f6fa;
--accent:#4f67d8;--good:#1f8a54;--good-bg:#e3f5ea;--bad:#c93a3a;--bad-bg:#fdeaea;--warn:#9a6700;--warn-bg:#fdf3d7;
--queue:#d3d9e2;--fetch:#5bb5c5;--compute:#5b74e0;--publish:#e0a13c}
@media(prefers-color-scheme:dark){:root{--page:#0d1117;--card:#151b24;--ink:#e5e9f0;--soft:#98a2b3;--line:#273040;--code:#10151d;
--accent:#8ea2ff;--good:#4cc38a;--good-bg:#12301f;--bad:#ff7b72;--bad-bg:#3a1a1c;--warn:#e3b341;--warn-bg:#332a12;
--queue:#3a4454;--fetch:#3f94a5;--compute:#6f86f0;--publish:#c48a2d}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
main{max-width:1120px;margin:0 auto;padding:36px 24px 48px}
header{margin:0 4px 22px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px;display:flex;gap:14px;align-items:center;letter-spacing:-.01em}
h2{font-size:13px;font-weight:600;letter-spacing:.04em;text-transform:uppercase;color:var(--soft);margin:0 0 14px}
p{margin:0 0 8px}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:20px 22px;margin:0 0 18px}
.soft{color:var(--soft)}
.mono,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
header p{margin:0;font-size:13.5px}
header .mono{font-size:12px}
.chip{font-size:12.5px;font-weight:600;padding:3px 11px;border-radius:99px;letter-spacing:0;background:var(--warn-bg);color:var(--warn)}
.chip.succeeded{background:var(--good-bg);color:var(--good)}
.chip.failed,.chip.expired{background:var(--bad-bg);color:var(--bad)}
.failure{border-color:var(--bad)}
.failure h2{color:var(--bad)}
.failure pre{margin:10px 0}
.value+.value{border-top:1px solid var(--line);margin-top:18px;padding-top:16px}
.value-head{display:flex;gap:10px;align-items:baseline;margin-bottom:10px}
.value-head span{font-size:13px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:14px}
.stack{display:grid;gap:10px}
pre.text{font-family:inherit;font-size:14px}
.grid.wide{grid-template-columns:repeat(auto-fill,minmax(300px,1fr))}
figure{margin:0;min-width:0}
figcaption{font-size:12px;margin-top:4px}
.number{display:inline-block;min-width:18px;margin-right:7px;font-weight:600}
.stack figure:has(pre):has(.number){display:grid;grid-template-columns:28px 1fr;align-items:start}
.stack figure:has(pre):has(.number) figcaption{order:-1;margin:9px 0 0}
img,video{max-width:100%;border-radius:9px;border:1px solid var(--line);display:block;background:var(--code)}
.grid img,.grid video{width:100%}
.stack img,.stack video{max-height:420px}
audio{width:min(100%,460px);display:block}
pre{margin:0;padding:9px 13px;background:var(--code);border-radius:9px;font-size:12.5px;line-height:1.5;white-space:pre-wrap;
overflow-wrap:anywhere;max-height:440px;overflow:auto}
pre.text{font-family:inherit;font-size:14px}
.scroll{overflow-x:auto}
.scroll .headrace-graph{--canvas:var(--card)}
.scroll svg{display:block;margin:0 auto;max-width:none}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;font-size:12.5px;margin-bottom:10px}
.key{display:inline-flex;gap:7px;align-items:center}
.key i{width:12px;height:12px;border-radius:3px}
.row{display:grid;grid-template-columns:150px 1fr;gap:14px;align-items:center;min-height:20px}
.row.head{display:flex;justify-content:space-between;margin-top:9px;padding-top:7px;border-top:1px solid var(--line);font-size:13.5px}
.row.axis{margin-bottom:14px}
.who{font-size:12px;text-align:right;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.lane{position:relative;height:14px}
.tick{position:absolute;transform:translateX(-50%);font-size:11.5px;color:var(--soft);white-space:nowrap}
.tick:first-child{transform:none}.tick:last-child{transform:translateX(-100%)}
.bar{position:absolute;top:1px;height:12px;border-radius:2px}
.queue{background:var(--queue)}.fetch{background:var(--fetch)}.compute{background:var(--compute)}.publish{background:var(--publish)}

.bar.compute{min-width:2px;z-index:1}
.bad.compute{background:var(--bad)}
.open{opacity:.5}
table{border-collapse:collapse;width:100%;font-size:13.5px}
td{padding:6px 12px 6px 0;border-top:1px solid var(--line);vertical-align:top}
tr:first-child td{border-top:0}
td.mono{font-size:12px;white-space:nowrap;color:var(--soft)}
footer{font-size:12px;text-align:center;margin-top:26px}
@media print{body{background:none}section{break-inside:avoid}}
"""
