"""The results of a run as one picture."""
import html

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 330, 70, 24, 58


def draw(rows):
    """SVG: a bar for each case that was measured beside the floor, whose own time is 1; a stroke at the budget."""
    shown = [row for row in rows if row["ratio"] and row["unit"] == "ms" and row["floor"]]
    longest = max([2.0, *(max(row["ratio"], row["budget"] or 0) for row in shown)])
    scale = (WIDTH - LEFT - RIGHT) / longest
    height = TOP + ROW * len(shown) + 34
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
             'font-size="13">', f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             '<text x="16" y="26" font-size="16" font-weight="bold">mydocker, in times of what the kernel itself takes'
             '</text>']
    for index, row in enumerate(shown):
        parts += bar(row, TOP + ROW * index, scale)
    bottom = TOP + ROW * len(shown)
    parts.append(f'<line x1="{LEFT + scale:.1f}" x2="{LEFT + scale:.1f}" y1="{TOP - 8}" y2="{bottom}" stroke="#444" '
                 'stroke-dasharray="3 3"/>')
    parts.append(f'<text x="{LEFT + scale:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#444">1 = the same calls '
                 'from C</text>')
    return "\n".join([*parts, "</svg>", ""])


def bar(row, top, scale):
    """The lines of one case."""
    length = row["ratio"] * scale
    label = html.escape(row["case"].replace("`", ""))
    lines = [f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end">{label}</text>',
             f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="16" fill="#2f7fc1"/>',
             f'<text x="{LEFT + length + 5:.1f}" y="{top + 13}" fill="#222">{row["ratio"]:.2f}</text>']
    if row["budget"]:
        place = LEFT + row["budget"] * scale
        lines.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{top}" y2="{top + 16}" stroke="#c0392b" '
                     'stroke-width="2"/>')
    return lines
