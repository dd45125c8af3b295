# Says where a call of scripts/effects.allow has no fault point in front of it. A function ends with the brace that has its
# indentation (swift-format sees to that); a variable with a body is one, too.
BEGIN {
  modifiers = "((@[A-Za-z]+|private|package|fileprivate|static|mutating|consuming|borrowing|override|convenience|lazy|final)([(][^)]*[)])? )*"
  declaration = "^ *" modifiers "((func|var|let) |init[?(<]|deinit|subscript)"
}
FILENAME ~ /\.allow$/ {
  sub(/ *#.*/, "")
  if ($1 ~ /\.swift$/) { for (i = 3; i <= NF; i++) allowed["Sources/" $1, $2, $i] = 1; next }
  for (i = 1; i <= NF; i++) {
    call = $i
    if (sub(/[.]/, "[.]", call) == 0) call = "((Glibc|Files)[.])?" call
    effect[$i] = $i ~ /[[]/ ? $i : "(^|[^.A-Za-z0-9_])" call "[(]"
    any = any (any == "" ? "" : "|") effect[$i]
  }
  next
}
FNR == 1 { name = point = "" }
{
  text = code($0); sub(/ +$/, "", text)
  match(text, /^ */); depth = RLENGTH
  if ((name == "" || depth <= indent) && text ~ declaration && (text !~ /(var|let) / || text ~ /[{]/)) {
    match(text, /(func|var|let) [A-Za-z0-9_]+|init|deinit|subscript/)
    name = substr(text, RSTART, RLENGTH); sub(/.* /, "", name)
    indent = depth; point = ""
  }
  if (text ~ /FaultPoint[.]pass[(]|passFaultPoint[(]/) point = "unused"
  sub(/func [A-Za-z0-9_]+/, "func", text)
  if (text ~ any) for (call in effect) if (match(text, effect[call])) {
    what = substr(text, RSTART, RLENGTH)
    sub(/[(].*/, "", what); sub(/.*[^A-Za-z0-9_]/, "", what)
    if (point == "unused") point = what
    if (point == what) continue
    if ((FILENAME, name, what) in allowed) used[FILENAME, name, what] = 1
    else print FILENAME ":" FNR ": " what " in " (name == "" ? "no function" : name) " has no fault point in front of it"
  }
  if (depth <= indent && text ~ /^ *}|}$/) name = point = ""
}
END {
  for (pair in allowed) if (!(pair in used)) {
    split(pair, at, SUBSEP)
    print "scripts/effects.allow: " at[1] " " at[2] " " at[3] " needs no exception"
  }
}
