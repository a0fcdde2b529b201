"""How the page of a PAR sheet looks: on a screen, on a phone, on paper."""

STYLE = """
:root{--ink:#1a2230;--soft:#5b6675;--line:#d9dee5;--paper:#fff;--tint:#f4f6f9;--blue:#1f5fa8;--sand:#c9892f}
*{box-sizing:border-box}
body{margin:0;background:#eceff3;color:var(--ink);font:15px/1.5 "Inter","Segoe UI",system-ui,-apple-system,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1040px;margin:32px auto;padding:48px 56px;background:var(--paper);box-shadow:0 1px 4px #1a223026}
header{border-bottom:2px solid var(--ink);padding-bottom:20px;margin-bottom:24px}
.kind{margin:0;color:var(--blue);font-weight:600;letter-spacing:.12em;text-transform:uppercase;font-size:12px}
h1{margin:4px 0 12px;font-size:34px;line-height:1.15;letter-spacing:-.01em}
h2{margin:40px 0 12px;font-size:19px;border-bottom:1px solid var(--line);padding-bottom:6px}
h3{margin:20px 0 8px;font-size:14px;color:var(--soft);text-transform:uppercase;letter-spacing:.06em}
dl{margin:0}dt{color:var(--soft)}dd{margin:0}
.facts{display:flex;flex-wrap:wrap;gap:6px 32px;font-size:13px}
.facts div{display:flex;gap:8px;min-width:0}.facts dd{overflow-wrap:anywhere}
.summary{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:1px;background:var(--line);
border:1px solid var(--line)}
.summary div{background:var(--tint);padding:14px 16px}
.summary dt{font-size:12px}.summary dd{font-size:20px;font-weight:600;letter-spacing:-.01em}
.note{color:var(--soft);font-size:13px;margin:8px 0 0}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:28px;margin-top:28px}
figure{margin:0;break-inside:avoid}figcaption{font-weight:600;margin-bottom:8px}
svg{display:block;width:100%;height:auto;max-width:560px;font:12px "Inter","Segoe UI",system-ui,sans-serif}
svg .label{fill:var(--ink)}svg .figure{fill:var(--ink);font-weight:600}svg .tick{fill:var(--soft);font-size:11px}
svg .power{font-size:8px}svg .grid{stroke:var(--line);stroke-width:1}
svg .bar{fill:var(--blue)}svg .series1{fill:var(--sand)}
svg .band0{fill:#d5e3f3}svg .band1{fill:#a9c6e6}svg .band2{fill:#74a2d4}
svg .mean{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 3}
.wide{overflow-x:auto}
table{border-collapse:collapse;min-width:50%;font-size:13px}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1px solid var(--ink);padding:6px 12px;vertical-align:bottom}
td{border-bottom:1px solid var(--line);padding:5px 12px;white-space:nowrap}
tbody th{border-bottom:1px solid var(--line);font-weight:400;white-space:nowrap}
tbody tr:nth-child(even){background:var(--tint)}
.n{text-align:right}
.exact td{white-space:normal;overflow-wrap:anywhere;vertical-align:top}
.exact td:first-child{white-space:nowrap;color:var(--soft)}
.list{display:grid;gap:4px}.list div{display:grid;grid-template-columns:minmax(140px,260px) 1fr;gap:16px}
.list dd{overflow-wrap:anywhere}
code{background:var(--tint);padding:1px 4px}
@media (max-width:640px){main{margin:0;padding:24px 18px;box-shadow:none}h1{font-size:27px}
.list div{grid-template-columns:1fr;gap:0}.summary{grid-template-columns:1fr 1fr}.summary dd{font-size:16px}
.summary div:last-child:nth-child(odd){grid-column:1/-1}}
@page{size:A4;margin:16mm 14mm}
@media print{body{background:#fff;font-size:10pt}main{margin:0;padding:0;max-width:none;box-shadow:none}
.plots{grid-template-columns:1fr 1fr;gap:16px}.wide{overflow:visible}table{font-size:7.5pt;min-width:0}td,th{padding:2px 6px}
h2{break-after:avoid;margin-top:20px}tr{break-inside:avoid}thead{display:table-header-group}
.summary{grid-template-columns:repeat(5,1fr)}.summary div{padding:8px 10px}.summary dd{font-size:12pt}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
""".replace("\n", "")
