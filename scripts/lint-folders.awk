# Says where a file names a type of another folder of its target that scripts/folders.allow does not let it name. Swift has
# no import there, so this goes by the names of types at the top level. What is done by members of a type is not seen.
FILENAME ~ /\.allow$/ {
  sub(/ *#.*/, "")
  if (!NF) next
  sub(/:$/, "", $1)
  target = $1; sub(/\/.*/, "", target)
  for (i = 2; i <= NF; i++) {
    allowed[$1, $i] = 1
    if ($1 !~ /\.swift$/ && !((target "/" $i) in known)) print FILENAME ": " $1 " names " $i ", which is not above it"
  }
  known[$1] = 1
  next
}
FNR == 1 {
  depth = split(FILENAME, path, "/")
  file = substr(FILENAME, length("Sources/") + 1); target = path[2]; folder = target "/" (depth > 3 ? path[3] : ".")
  if (!(folder in known)) print folder ": not in scripts/folders.allow"
  known[folder] = 1
}
{
  text = code($0)
  if (match(text, /(struct|class|enum|protocol|actor|typealias) [A-Z][A-Za-z0-9_]*/)) {
    name = substr(text, RSTART, RLENGTH); sub(/.* /, "", name)
    # What is nested, or private to its file, is named without being another folder's.
    if (text ~ /^ / || text ~ /private /) own[file, name] = 1
    else home[target, name] = folder
  }
  if (text !~ /[A-Z]/) next
  lines[++count] = text; files[count] = file; places[count] = FILENAME ":" FNR; targets[count] = target; folders[count] = folder
}
END {
  for (n = 1; n <= count; n++) {
    gsub(/[.][A-Za-z0-9_]+/, " ", lines[n]) # members
    words = split(lines[n], word, /[^A-Za-z0-9_]+/)
    for (i = 1; i <= words; i++) {
      if (!((targets[n], word[i]) in home) || home[targets[n], word[i]] == folders[n]) continue
      if ((files[n], word[i]) in own) continue
      other = substr(home[targets[n], word[i]], length(targets[n]) + 2)
      if ((folders[n], other) in allowed) used[folders[n], other] = 1
      else if ((files[n], other) in allowed) used[files[n], other] = 1
      else print places[n] ": " folders[n] " must not name " word[i] ", which is in " targets[n] "/" other
    }
  }
  for (pair in allowed) if (!(pair in used)) {
    split(pair, at, SUBSEP)
    print "scripts/folders.allow: " at[1] " names nothing of " at[2]
  }
}
