# A line of Swift without its comment and without what is in string literals, but with the code in \( ). Levels of code are
# even, those of literals odd; the end of a line ends all but """.
function code(line,  text, token) {
  while (line != "") {
    if (!match(line, level % 2 ? "\\\\[(]|\\\\.|\"\"\"|\"" : "//|[\"()]")) { if (level % 2 == 0) text = text line; break }
    if (level % 2 == 0) text = text substr(line, 1, RSTART - 1)
    token = substr(line, RSTART, RLENGTH)
    line = substr(line, RSTART + RLENGTH)
    if (level % 2) {
      if (token == "\\(") { parens[++level] = 0; text = text " " }
      else if (token == closing[level]) { level--; text = text "\"\"" }
      continue
    }
    if (token == "//") break
    if (token == "\"") {
      if (substr(line, 1, 2) == "\"\"") { token = "\"\"\""; line = substr(line, 3) }
      closing[++level] = token
    } else {
      if (token == "(") parens[level]++
      if (token == ")" && parens[level]-- == 0 && level) { level--; token = " " }
      text = text token
    }
  }
  while (level && closing[level] != "\"\"\"") level--
  return text
}
FNR == 1 { level = parens[0] = 0; closing[0] = "" }
