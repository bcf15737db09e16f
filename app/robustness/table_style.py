"""How the tables look: a table on a wide screen, cards on a phone, in light and in dark."""

from app.theme import LOWERED, RAISED

# Above the paper is blue, below is orange: the pair that keeps apart under every common kind of
# colour blindness. Arrow and hatching say the same without colour.
STYLE = f"""
<style>
.robust {{ container-type: inline-size; }}
.robust > div {{ display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) 17.5rem;
  align-items: start; }}
.paper {{ container-type: inline-size; --up: {LOWERED}; --down: {RAISED};
  --line: color-mix(in srgb, currentColor 18%, transparent); }}
.paper table {{ width: 100%; border-collapse: separate; border-spacing: 3px 2px;
  table-layout: fixed; font-variant-numeric: tabular-nums; }}
.paper th, .paper td {{ border: 0; padding: 0.3rem 0.4rem; vertical-align: top;
  line-height: 1.25; text-align: left; }}
.paper thead th {{ font-size: 0.85rem; font-weight: 650; vertical-align: bottom;
  border-bottom: 2px solid var(--line); overflow-wrap: anywhere; }}
.paper thead th:first-child {{ width: 4.6rem; }}
.paper th small {{ display: block; font-weight: 400; font-size: 0.76rem; opacity: 0.72; }}
.paper .group th {{ padding: 0.85rem 0.4rem 0.15rem; font-size: 0.95rem; font-weight: 700; }}
.paper .group small {{ display: inline; margin-left: 0.6rem; font-size: 0.8rem; }}
.paper tbody th[scope=row] {{ font-size: 0.9rem; font-weight: 650; }}
.paper td {{ border-radius: 5px; background: color-mix(in srgb, currentColor 4%, transparent); }}
.paper td.up {{ background: color-mix(in srgb, var(--up) calc(var(--d) * 0.42), transparent); }}
.paper td.down {{ background: color-mix(in srgb, var(--down) calc(var(--d) * 0.42), transparent); }}
.paper td.weak, .paper .legend i.weak {{ background-image: repeating-linear-gradient(-45deg,
  color-mix(in srgb, currentColor 13%, transparent) 0 2px, transparent 2px 8px); }}
.paper td b {{ font-size: 1.12rem; font-weight: 700; }}
.paper td.weak b {{ font-weight: 450; }}
.paper td small {{ display: block; font-size: 0.74rem; opacity: 0.78; white-space: nowrap; }}
.paper td .why {{ font-size: 0.8rem; white-space: normal; opacity: 0.72; }}
.paper .print {{ display: block; font-size: 0.78rem; }}
.paper .print i {{ font-style: normal; font-weight: 650; white-space: nowrap; }}
.paper .print em {{ font-style: normal; }}
.paper .print.alone em {{ font-size: 0.95rem; font-weight: 550; }}
.paper sup {{ line-height: 0; font-size: 0.72em; }}
.robust .so {{ font-size: 0.98rem; line-height: 1.55; margin: 0.9rem 0.3rem 0; max-width: 62rem; }}
.paper .average td b {{ font-size: 1.25rem; }}
.paper .warnings td {{ background: none; font-size: 0.82rem; padding: 0 0.4rem 0.35rem 5rem; }}
.paper .warnings div {{ opacity: 0.86; }}
.paper .legend {{ display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; font-size: 0.8rem;
  margin: 0.6rem 0 0 0.3rem; }}
.paper .legend i {{ display: inline-block; width: 1.2em; height: 1em; border-radius: 3px;
  vertical-align: -0.12em; margin-right: 0.4em;
  background-color: color-mix(in srgb, currentColor 6%, transparent); }}
.paper .legend i.up {{ background-color: color-mix(in srgb, var(--up) 32%, transparent); }}
.paper .legend i.down {{ background-color: color-mix(in srgb, var(--down) 32%, transparent); }}
@container (max-width: 1060px) {{
  .robust > div {{ grid-template-columns: minmax(0, 1fr); }}
  .robust aside {{ order: -1; }}
}}
@container (max-width: 760px) {{
  .paper table, .paper tbody {{ display: block; }}
  .paper thead {{ display: none; }}
  .paper tr {{ display: grid; gap: 4px; grid-template-columns: repeat(3, minmax(0, 1fr));
    margin-bottom: 0.5rem; }}
  .paper tr th, .paper tr.warnings td {{ grid-column: 1 / -1; display: block; }}
  .paper .group th {{ border-top: 2px solid var(--line); margin-top: 0.5rem; padding-top: 0.5rem; }}
  .paper .group small {{ display: block; margin-left: 0; }}
  .paper tbody th[scope=row] {{ padding: 0.15rem 0.4rem 0; }}
  .paper tbody th[scope=row]::before {{ content: "Classifier "; font-weight: 400; }}
  .paper td[data-column]::before {{ content: attr(data-column); display: block;
    font-size: 0.74rem; font-weight: 600; line-height: 1.2; margin-bottom: 0.15rem; }}
  .paper td.void {{ display: none; }}
  .paper td:not(.slim) + td.slim {{ grid-column-start: 1; }}
  .paper .average th[scope=row] {{ display: none; }}
  .paper .warnings td {{ padding-left: 0.4rem; }}
}}
</style>
"""
