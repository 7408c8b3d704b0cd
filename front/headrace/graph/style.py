"""The look of a graph's picture: colours as variables, so that a page around it may set them."""

from __future__ import annotations

STYLE = """
.headrace-graph{--canvas:#fff;--ink:#1f2937;--soft:#6b7280;--box:#fff;--edge:#c3cad5;--line:#8792a3;--group:#f4f6fa;
--group-edge:#dfe4ec;--in:#e8f1fd;--in-edge:#a9c9f2;--out:#e7f6ee;--out-edge:#a3d6bb;--join:#fdf5e6;--join-edge:#e2c48d;--many:#5b74e0;--bad:#d64545;--good:#2f9e63;
font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
@media(prefers-color-scheme:dark){.headrace-graph{--canvas:#12161d;--ink:#e5e9f0;--soft:#98a2b3;--box:#1e2530;--edge:#3d4858;
--line:#6d7a8d;--group:#181d26;--group-edge:#2b3442;--in:#17283f;--in-edge:#2f5688;--out:#15301f;--out-edge:#2c6a48;--join:#2d2415;--join-edge:#7c6231;
--many:#8ea2ff;--bad:#ff7b72;--good:#4cc38a}}
.headrace-graph .canvas{fill:var(--canvas)}
.headrace-graph text{fill:var(--ink);text-anchor:middle}
.headrace-graph .title{font-size:13px;font-weight:600}
.headrace-graph .subtitle,.headrace-graph .label{font-size:10.5px;fill:var(--soft)}
.headrace-graph .label{paint-order:stroke;stroke:var(--canvas);stroke-width:4px;stroke-linejoin:round}
.headrace-graph .label.inside{stroke:var(--group)}
.headrace-graph .group{fill:var(--group);stroke:var(--group-edge)}
.headrace-graph .group.bad{stroke:var(--bad)}
.headrace-graph .group-title{font-size:11px;font-weight:600;fill:var(--soft);text-anchor:start}
.headrace-graph .plate{fill:var(--group);opacity:.94}
.headrace-graph .note{font-weight:400}
.headrace-graph .shape{fill:var(--box);stroke:var(--edge);stroke-width:1.2}
.headrace-graph .input .shape{fill:var(--in);stroke:var(--in-edge)}
.headrace-graph .join .shape{fill:var(--join);stroke:var(--join-edge)}
.headrace-graph .output .shape{fill:var(--out);stroke:var(--out-edge)}
.headrace-graph .box.bad .shape{stroke:var(--bad);stroke-width:2}
.headrace-graph .box.idle{opacity:.55}
.headrace-graph .link{fill:none;stroke:var(--line);stroke-width:1.4}
.headrace-graph .link.many{stroke:var(--many);stroke-width:2.6}
.headrace-graph .link.mapped{stroke:var(--many);stroke-width:4.6}
.headrace-graph .link.core{stroke:var(--canvas);stroke-width:1.8}
.headrace-graph .tip{fill:var(--line)}
.headrace-graph .tip.many,.headrace-graph .tip.mapped{fill:var(--many)}
"""
